import type { MetadataSettings } from "../config/settings.js";
import { disabledError, metadataDisabled } from "../config/settings.js";
import type { InstanceMetadataStep } from "../errors/instance-metadata-error.js";
import { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { errorFromFailure } from "../errors/messages.js";
import { abortedBy } from "../errors/request-failure.js";
import { HttpExchange } from "../http/http-exchange.js";
import { requestWithRetries } from "../http/request-with-retries.js";
import type { Authorization } from "./session-token.js";
import { SessionToken } from "./session-token.js";

/** What an answer is an answer to. */
export interface Sent {
  readonly token: string | undefined;
  readonly attempt: number;
}

/** One path to read and what to make of its body. */
export interface Reading<T> {
  readonly step: InstanceMetadataStep;
  readonly path: string;
  readonly maxBytes: number;
  /** A `RequestFailure` thrown from here counts as one of the attempt. */
  readonly accept: (body: string, sent: Sent) => T;
  readonly signal?: AbortSignal | undefined;
}

/** Reads metadata with a session token, renewing it once when it is refused. Holds no process by itself. */
export class MetadataReader {
  readonly settings: MetadataSettings;
  readonly #exchange: HttpExchange;
  readonly #token: SessionToken;

  constructor(settings: MetadataSettings) {
    this.settings = settings;
    this.#exchange = new HttpExchange(settings.endpoint, settings.timeoutMs);
    this.#token = new SessionToken(this.#exchange, settings);
  }

  /** How many requests were sent so far. */
  get requests(): number {
    return this.#exchange.sent;
  }

  /** Runs several reads over kept connections, which are closed afterwards. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.#exchange.hold(work);
  }

  /** Rejects with an `InstanceMetadataError`. */
  async read<T>(reading: Reading<T>): Promise<T> {
    if (metadataDisabled()) throw disabledError(this.settings.endpoint);
    return this.hold(async () => {
      try {
        return await this.#attempt(reading, 0);
      } catch (error) {
        if (!isUnauthorized(error)) throw error;
        return this.#attempt(reading, error.attempts);
      }
    });
  }

  /** One read with the token in force, which is never used again if it is refused. */
  async #attempt<T>(reading: Reading<T>, sentBefore: number): Promise<T> {
    const authorization = await this.#authorize(reading);
    try {
      return await this.#send(reading, authorization, sentBefore);
    } catch (error) {
      if (isUnauthorized(error)) this.#token.reject(authorization);
      throw error;
    }
  }

  #authorize({ signal, step }: Reading<unknown>): Promise<Authorization> {
    if (!signal) return this.#token.get();
    return new Promise((resolve, reject) => {
      const endpoint = this.settings.endpoint.href;
      const onAbort = () => reject(errorFromFailure(abortedBy(signal), { step, attempts: 0, endpoint }));
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      const done = () => signal.removeEventListener("abort", onAbort);
      this.#token.get(signal).finally(done).then(resolve, reject);
    });
  }

  #send<T>(
    { step, path, maxBytes, accept, signal }: Reading<T>,
    authorization: Authorization,
    sentBefore: number,
  ): Promise<T> {
    const token = authorization === "none" ? undefined : authorization.token;
    const headers: Record<string, string> = token === undefined ? {} : { "x-aws-ec2-metadata-token": token };
    return requestWithRetries(
      this.#exchange,
      { method: "GET", path, headers, maxBytes },
      {
        step,
        settings: this.settings,
        accept: ({ body }, attempt) => accept(body, { token, attempt }),
        sentBefore,
        signal,
      },
    );
  }
}

const isUnauthorized = (error: unknown): error is InstanceMetadataError =>
  error instanceof InstanceMetadataError && error.code === "UNAUTHORIZED";
