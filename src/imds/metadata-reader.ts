import { TextDecoder } from "node:util";
import type { MetadataSettings } from "../config/settings.js";
import { metadataDisabled } from "../config/settings.js";
import type { InstanceMetadataError, InstanceMetadataStep } from "../errors/instance-metadata-error.js";
import type { RequestContext } from "../errors/messages.js";
import { errorFromFailure, errorFromStatus, imdsDisabledError } from "../errors/messages.js";
import { RequestFailure } from "../errors/request-failure.js";
import { MAX_BODY_BYTES } from "../http/body-limits.js";
import { HttpExchange, type MetadataResponse, TOKEN_HEADER } from "../http/http-exchange.js";
import type { RequestResult } from "../http/request-with-retries.js";
import { requestWithRetries } from "../http/request-with-retries.js";
import { runOutsideAsyncContext } from "../runtime/async-context.js";
import type { CachedToken } from "./session-token.js";
import { SessionToken } from "./session-token.js";

/** A response with status 200. */
export interface MetadataContent {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** The bytes as UTF-8. */
  readonly text: string;
  /** The session token that the read was sent with; undefined with IMDSv1. */
  readonly token: string | undefined;
}

/** One path to read and what to make of its content. */
export interface ReadRequest<T> {
  readonly step: InstanceMetadataStep;
  readonly path: string;
  /** A `RequestFailure` thrown from here counts as one of the attempt. */
  readonly accept: (content: MetadataContent) => T;
  readonly signal?: AbortSignal | undefined;
  /** Called for each HTTP request that is sent, those for the token included. */
  readonly onRequest?: (() => void) | undefined;
}

/** A path that was read, or one that is not there (status 404). */
export type ReadResult<T> =
  | { readonly outcome: "found"; readonly value: T; readonly attempts: number }
  | { readonly outcome: "missing"; readonly attempts: number };

const UTF_8 = new TextDecoder();

/**
 * Reads metadata with a session token. One reader serves all clients and providers of the process with equal settings:
 * its methods are called by other copies of the library too. It does not keep the process alive.
 */
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

  /** Runs several reads over the same connections, which are closed afterwards. */
  withConnections<T>(work: () => Promise<T>): Promise<T> {
    return this.#exchange.withConnections(work);
  }

  /** Reads a path that must be there. Rejects with an `InstanceMetadataError`. */
  async read<T>(request: ReadRequest<T>): Promise<T> {
    const result = await this.readIfPresent(request);
    if (result.outcome === "found") return result.value;
    throw errorFromStatus(404, this.#context(request, result.attempts));
  }

  /** Reads a path, and again with a new token if the token is refused. Rejects with an `InstanceMetadataError`. */
  async readIfPresent<T>(request: ReadRequest<T>): Promise<ReadResult<T>> {
    if (metadataDisabled()) throw imdsDisabledError(this.settings.endpoint.href);
    return await this.withConnections(async () => {
      let result = await this.#readOnce(request, 0);
      if (result.outcome === "refused" && result.status === 401) {
        result = await this.#readOnce(request, result.attempts);
      }
      const { attempts } = result;
      if (result.outcome === "ok") return { outcome: "found", value: result.value, attempts };
      if (result.status === 404) return { outcome: "missing", attempts };
      throw errorFromStatus(result.status, this.#context(request, attempts));
    });
  }

  /** One read without a token and without retries; the status is undefined if there was no response. */
  async readWithoutToken(path: string): Promise<{ status: number | undefined; text: string }> {
    const request = { method: "GET", path, headers: {}, maxBytes: MAX_BODY_BYTES.metadata } as const;
    try {
      const { status, body } = await this.#exchange.send(request);
      return { status, text: UTF_8.decode(body) };
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      return { status: error.statusCode, text: "" };
    }
  }

  /**
   * Why the service has no session token, where the settings allow IMDSv1 instead; undefined if it has one. Rejects with
   * an `InstanceMetadataError` if there is none and it is required.
   */
  async tokenRefusal(): Promise<InstanceMetadataError | undefined> {
    return (await this.#token.get()).refusal;
  }

  /** One read with the cached token, which is forgotten if the service refuses the read: it may be no token at all. */
  async #readOnce<T>(request: ReadRequest<T>, previousAttempts: number): Promise<RequestResult<T>> {
    const { step, path, accept, signal, onRequest } = request;
    const token = await this.#currentToken(request);
    const headers: Record<string, string> = token.value === undefined ? {} : { [TOKEN_HEADER]: token.value };
    try {
      const result = await requestWithRetries(this.#exchange, {
        method: "GET",
        path,
        headers,
        step,
        settings: this.settings,
        previousAttempts,
        signal,
        onRequest,
        accept: (response) => accept(contentOf(response, token.value)),
      });
      if (result.outcome === "refused" && castsDoubtOnToken(result.status)) this.#token.forget(token);
      return result;
    } catch (error) {
      if (castsDoubtOnToken((error as InstanceMetadataError).statusCode)) this.#token.forget(token);
      throw error;
    }
  }

  async #currentToken(request: ReadRequest<unknown>): Promise<CachedToken> {
    try {
      return await this.#token.get(request.signal, request.onRequest);
    } catch (error) {
      throw error instanceof RequestFailure ? errorFromFailure(error, this.#context(request, 0)) : error;
    }
  }

  #context({ step, path }: ReadRequest<unknown>, attempts: number): RequestContext {
    return { step, path, attempts, endpoint: this.settings.endpoint };
  }
}

/** Any 4xx but 404: so that one bad response to the PUT is not believed for hours. */
const castsDoubtOnToken = (status = 0): boolean => status >= 400 && status < 500 && status !== 404;

const contentOf = ({ headers, body }: MetadataResponse, token: string | undefined): MetadataContent => ({
  headers,
  bytes: body,
  get text() {
    return UTF_8.decode(body);
  },
  token,
});
