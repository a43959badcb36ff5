import type { MetadataSettings } from "../config/settings.js";
import { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { RequestFailure } from "../errors/request-failure.js";
import type { HttpExchange, MetadataAnswer } from "../http/http-exchange.js";
import { requestWithRetries } from "../http/request-with-retries.js";
import type { Deadline } from "../runtime/clock.js";
import { isPast, monotonicClock, wallClock } from "../runtime/clock.js";

const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const LONGEST_TTL_SECONDS = 21600;
const MOST_BYTES = 64 * 1024;
/** Replaced when this much is left, or half of a lifetime that is shorter than twice that. */
const MARGIN_SECONDS = 120;

/** What a read is sent with: a token, or nothing where the service knows no tokens and IMDSv1 is allowed. */
export type Authorization = { readonly token: string } | "none";

interface Grant {
  readonly authorization: Authorization;
  readonly replaceAt: Deadline;
}

/** A PUT under way, and for how many readers. */
interface Pending {
  readonly grant: Promise<Grant>;
  /** None where the first reader waits without a signal, and so to the end. */
  readonly stop: AbortController | undefined;
  readers: number;
}

/** The session token of one client: one PUT for any number of concurrent readers, replaced in time. */
export class SessionToken {
  readonly #exchange: HttpExchange;
  readonly #settings: MetadataSettings;
  #grant: Grant | undefined;
  #pending: Pending | undefined;

  constructor(exchange: HttpExchange, settings: MetadataSettings) {
    this.#exchange = exchange;
    this.#settings = settings;
  }

  /** The token in force. The signal ends the PUT only when nobody else waits for it. */
  async get(signal?: AbortSignal, onRequest?: () => void): Promise<Authorization> {
    if (this.#grant && !isPast(this.#grant.replaceAt)) return this.#grant.authorization;
    this.#pending ??= this.#begin(signal && new AbortController(), onRequest);
    const pending = this.#pending;
    pending.readers++;
    const leave = () => {
      pending.readers--;
      if (pending.readers > 0) return;
      this.#forget(pending);
      pending.stop?.abort();
    };
    signal?.addEventListener("abort", leave, { once: true });
    try {
      this.#grant = await pending.grant;
      return this.#grant.authorization;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  #begin(stop: AbortController | undefined, onRequest: (() => void) | undefined): Pending {
    const grant = this.#request(stop?.signal, onRequest).finally(() => this.#forget(pending));
    const pending: Pending = { grant, stop, readers: 0 };
    return pending;
  }

  #forget(pending: Pending): void {
    if (this.#pending === pending) this.#pending = undefined;
  }

  /** A read with it was answered by 401: never use it again, unless another one has taken its place already. */
  reject(authorization: Authorization): void {
    if (this.#grant?.authorization === authorization) this.#grant = undefined;
  }

  async #request(signal: AbortSignal | undefined, onRequest: (() => void) | undefined): Promise<Grant> {
    const { tokenTtlSeconds, imdsV1 } = this.#settings;
    const asked = { wall: wallClock(), monotonic: monotonicClock() };
    const grant = (authorization: Authorization, ttlSeconds: number): Grant => {
      const ms = (ttlSeconds - Math.min(MARGIN_SECONDS, ttlSeconds / 2)) * 1000;
      return { authorization, replaceAt: { wall: asked.wall + ms, monotonic: asked.monotonic + ms } };
    };
    try {
      return await requestWithRetries(
        this.#exchange,
        {
          method: "PUT",
          path: "/latest/api/token",
          headers: { [TTL_HEADER]: String(tokenTtlSeconds) },
          maxBytes: MOST_BYTES,
        },
        {
          step: "token",
          settings: this.#settings,
          signal,
          onRequest,
          accept: (answer) => grant({ token: tokenIn(answer) }, ttlIn(answer) ?? tokenTtlSeconds),
        },
      );
    } catch (error) {
      if (imdsV1 === "allowed" && isRefusal(error)) return grant("none", tokenTtlSeconds);
      throw error;
    }
  }
}

/** IMDSv1 is used after these answers only: never after a timeout or a server's error. */
const isRefusal = (error: unknown): boolean =>
  error instanceof InstanceMetadataError && [403, 404, 405].includes(error.statusCode ?? 0);

function tokenIn({ body }: MetadataAnswer): string {
  const token = body.trim();
  if (token === "") throw new RequestFailure("unusable", "the token is empty");
  // Visible ASCII: anything else could break out of the header that it is sent in.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new RequestFailure("illegal", "the token has characters that are not legal in a header");
  }
  return token;
}

function ttlIn({ headers }: MetadataAnswer): number | undefined {
  const seconds = Number(headers[TTL_HEADER]);
  return seconds > 0 ? Math.min(seconds, LONGEST_TTL_SECONDS) : undefined;
}
