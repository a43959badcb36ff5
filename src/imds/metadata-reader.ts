import type { MetadataSettings } from "../config/settings.js";
import { disabledError, metadataDisabled } from "../config/settings.js";
import type { InstanceMetadataStep } from "../errors/instance-metadata-error.js";
import { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { errorFromFailure } from "../errors/messages.js";
import { abortedBy } from "../errors/request-failure.js";
import { HttpExchange } from "../http/http-exchange.js";
import { requestWithRetries } from "../http/request-with-retries.js";
import { runOutsideAsyncContext } from "../runtime/async-context.js";
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
  /** Called for each request that is sent, those for the token included. */
  readonly onRequest?: (() => void) | undefined;
}

/** Reads metadata with a session token, renewing it once when it is refused. Holds no process by itself. */
export class MetadataReader {
  readonly settings: MetadataSettings;
  /** Once true, clients and providers must get another reader. */
  disposed = false;
  readonly #exchange: HttpExchange;
  readonly #token: SessionToken;
  readonly #kept = new Map<string, Promise<unknown>>();

  constructor(settings: MetadataSettings) {
    this.settings = settings;
    this.#exchange = new HttpExchange(settings.endpoint, settings.timeoutMs);
    this.#token = new SessionToken(this.#exchange, settings);
  }

  /** Reads what never changes once; a failure is not kept. */
  keep<T>(name: string, read: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(name) as Promise<T> | undefined;
    if (known) return known;
    const value = runOutsideAsyncContext(read);
    this.#kept.set(name, value);
    value.catch(() => this.#kept.delete(name));
    return value;
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

  #authorize({ signal, step, onRequest }: Reading<unknown>): Promise<Authorization> {
    if (!signal) return this.#token.get(undefined, onRequest);
    return new Promise((resolve, reject) => {
      const endpoint = this.settings.endpoint.href;
      const onAbort = () => reject(errorFromFailure(abortedBy(signal), { step, attempts: 0, endpoint }));
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      const done = () => signal.removeEventListener("abort", onAbort);
      this.#token.get(signal, onRequest).finally(done).then(resolve, reject);
    });
  }

  #send<T>(
    { step, path, maxBytes, accept, signal, onRequest }: Reading<T>,
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
        onRequest,
      },
    );
  }
}

const isUnauthorized = (error: unknown): error is InstanceMetadataError =>
  error instanceof InstanceMetadataError && error.code === "UNAUTHORIZED";
