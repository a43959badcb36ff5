import type { MetadataSettings } from "../config/settings.js";
import type { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { errorFromStatus } from "../errors/messages.js";
import { abortedBy, illegal, malformed } from "../errors/request-failure.js";
import type { HttpExchange, MetadataResponse } from "../http/http-exchange.js";
import { requestWithRetries } from "../http/request-with-retries.js";
import type { Deadline, Instant } from "../runtime/clock.js";
import { currentInstant, deadlineIn, isPast } from "../runtime/clock.js";
import { onAbort } from "../runtime/on-abort.js";
import { TOKEN_PATH } from "./metadata-paths.js";

const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const MAX_TTL_SECONDS = 21600;
const MAX_TOKEN_LENGTH = 1024;
/** A token is replaced when this much is left, or half of a lifetime that is shorter than twice that. */
const REFRESH_BUFFER_SECONDS = 120;

/** Statuses after which IMDSv1 is used, if it is allowed: never after a timeout or another failure of the service. */
const NO_TOKENS: ReadonlySet<number> = new Set([403, 404, 405, 410, 501]);

/** What reads are sent with until it is replaced. */
export interface CachedToken {
  /** Undefined where the service has no tokens and IMDSv1 is allowed. */
  readonly value: string | undefined;
  /** Why there is no token. */
  readonly refusal?: InstanceMetadataError;
  readonly replaceAt: Deadline;
}

/** A PUT in flight, and how many reads wait for it. */
interface Pending {
  readonly token: Promise<CachedToken>;
  /** None if the first read waits without a signal: then the PUT is never aborted. */
  readonly controller: AbortController | undefined;
  waiting: number;
}

/** The session token: one PUT for any number of concurrent reads, replaced in time. */
export class SessionToken {
  readonly #exchange: HttpExchange;
  readonly #settings: MetadataSettings;
  #cached: CachedToken | undefined;
  #pending: Pending | undefined;

  constructor(exchange: HttpExchange, settings: MetadataSettings) {
    this.#exchange = exchange;
    this.#settings = settings;
  }

  /**
   * The cached token, or a new one. The signal aborts the PUT only if no other read waits for it.
   *
   * @throws RequestFailure when the signal is aborted; InstanceMetadataError when there is no token.
   */
  async get(signal?: AbortSignal, onRequest?: () => void): Promise<CachedToken> {
    if (signal?.aborted) throw abortedBy(signal);
    if (this.#cached && !isPast(this.#cached.replaceAt)) return this.#cached;
    this.#pending ??= this.#start(signal && new AbortController(), onRequest);
    const pending = this.#pending;
    pending.waiting++;
    return await (signal ? this.#waitFor(pending, signal) : pending.token);
  }

  /** A read with this token was refused: it is not used again, unless another one has replaced it already. */
  forget({ value }: CachedToken): void {
    if (this.#cached?.value === value) this.#cached = undefined;
  }

  #waitFor(pending: Pending, signal: AbortSignal): Promise<CachedToken> {
    return new Promise((resolve, reject) => {
      const stopListening = onAbort(signal, () => {
        reject(abortedBy(signal));
        pending.waiting--;
        if (pending.waiting > 0) return;
        if (this.#pending === pending) this.#pending = undefined;
        pending.controller?.abort();
      });
      pending.token.finally(stopListening).then(resolve, reject);
    });
  }

  #start(controller: AbortController | undefined, onRequest: (() => void) | undefined): Pending {
    const request = async () => {
      try {
        this.#cached = await this.#request(controller?.signal, onRequest);
        return this.#cached;
      } finally {
        if (this.#pending === pending) this.#pending = undefined;
      }
    };
    const pending: Pending = { token: request(), controller, waiting: 0 };
    return pending;
  }

  async #request(signal: AbortSignal | undefined, onRequest: (() => void) | undefined): Promise<CachedToken> {
    const { tokenTtlSeconds, imdsV1, endpoint } = this.#settings;
    const requestedAt = currentInstant();
    const result = await requestWithRetries(this.#exchange, {
      method: "PUT",
      path: TOKEN_PATH,
      headers: { [TTL_HEADER]: String(tokenTtlSeconds) },
      step: "token",
      settings: this.#settings,
      signal,
      onRequest,
      accept: (response): CachedToken => ({
        value: tokenIn(response),
        replaceAt: replaceAt(requestedAt, ttlIn(response) ?? tokenTtlSeconds),
      }),
    });
    if (result.outcome === "ok") return result.value;
    const { status, attempts } = result;
    const refusal = errorFromStatus(status, { step: "token", path: TOKEN_PATH, attempts, endpoint });
    if (imdsV1 === "refused" || !NO_TOKENS.has(status)) throw refusal;
    return { value: undefined, refusal, replaceAt: replaceAt(requestedAt, tokenTtlSeconds) };
  }
}

const replaceAt = (requestedAt: Instant, ttlSeconds: number): Deadline =>
  deadlineIn((ttlSeconds - Math.min(REFRESH_BUFFER_SECONDS, ttlSeconds / 2)) * 1000, requestedAt);

function tokenIn({ body }: MetadataResponse): string {
  const token = Buffer.from(body).toString("latin1").trim();
  if (token === "") throw malformed("the token is empty");
  if (token.length > MAX_TOKEN_LENGTH) throw illegal(`the token is over ${MAX_TOKEN_LENGTH} bytes`);
  // Visible ASCII: anything else could break out of the header that it is sent in.
  if (!/^[\x21-\x7e]+$/.test(token)) throw illegal("the token has characters that are not legal in a header");
  return token;
}

/** Undefined if it is missing or absurd. */
function ttlIn({ headers }: MetadataResponse): number | undefined {
  const text = headers[TTL_HEADER]?.trim() ?? "";
  const seconds = Number(text);
  return /^\d+$/.test(text) && seconds > 0 && seconds <= MAX_TTL_SECONDS ? seconds : undefined;
}
