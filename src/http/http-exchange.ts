import type { HttpRequest, HttpResponse } from "@smithy/types";
import type { Endpoint } from "../config/endpoint.js";
import { abortedBy, failureFromError, RequestFailure } from "../errors/request-failure.js";
import { afterNextPoll, unrefTimer } from "../runtime/clock.js";
import { suppressTracing } from "../runtime/suppress-tracing.js";
import { VERSION } from "../runtime/version.js";
import { readBody } from "./response-body.js";
import type { Transport } from "./transport.js";
import { loadTransport } from "./transport.js";
import { Turns } from "./turns.js";

export interface MetadataRequest {
  readonly method: "GET" | "PUT";
  /** From the root of the service, with its leading slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The most bytes that the body may have. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Called for each HTTP request that is sent. */
  readonly onRequest?: (() => void) | undefined;
}

export interface MetadataResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty unless the status is 200. */
  readonly body: Uint8Array;
}

const USER_AGENT = `ec2-role-credentials/${VERSION} lang/js md/nodejs#${process.versions.node} os/${process.platform}`;

/** IMDS limits the connections of an instance: more requests than this wait for their turn, before their deadline starts. */
const MAX_AT_ONCE = 16;

/** The session token's header. */
export const TOKEN_HEADER = "x-aws-ec2-metadata-token";

const NO_BODY = new Uint8Array();

/**
 * One HTTP request to the metadata service and its whole response: one deadline from connect to last byte, a limit on the
 * body, no redirects, no proxy.
 */
export class HttpExchange {
  readonly #endpoint: Endpoint;
  readonly #timeoutMs: number;
  readonly #turns = new Turns(MAX_AT_ONCE);
  #openTransport: (() => Transport) | undefined;
  #transport: Transport | undefined;
  #users = 0;

  constructor(endpoint: Endpoint, timeoutMs: number) {
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
  }

  /** Runs work that sends requests. Its connections are kept until all such work is done, and then closed. */
  async withConnections<T>(work: () => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await work();
    } finally {
      this.#users--;
      if (this.#users === 0) {
        this.#transport?.destroy();
        this.#transport = undefined;
      }
    }
  }

  /** Sends one request and resolves to the response, whatever its status. Rejects with a `RequestFailure`. */
  async send(request: MetadataRequest): Promise<MetadataResponse> {
    return this.withConnections(async () => {
      await this.#turns.begin(request.signal);
      try {
        this.#openTransport ??= await loadTransport(this.#endpoint);
        this.#transport ??= this.#openTransport();
        return await this.#attempt(request, this.#transport);
      } finally {
        this.#turns.end();
      }
    });
  }

  async #attempt(request: MetadataRequest, transport: Transport): Promise<MetadataResponse> {
    const { signal } = request;
    if (signal?.aborted) throw abortedBy(signal);
    // A minimal stand-in: making a real AbortSignal takes a noticeable share of a request.
    const stop: StopSignal = { aborted: false, onabort: null };
    let end: (failure: RequestFailure) => void = () => {};
    const ended = new Promise<never>((_, reject) => {
      end = (failure) => {
        reject(failure);
        stop.aborted = true;
        stop.onabort?.();
      };
    });
    const onTimeout = () =>
      end(
        transport.isConnecting()
          ? new RequestFailure("connect-timeout", "no connection was made in time")
          : new RequestFailure("timeout", "no complete response came in time"),
      );
    const onAbort = () => end(abortedBy(signal));
    // After a blocked event loop the timer fires before a response is read that has arrived in time: read it first.
    const timer = unrefTimer(() => void afterNextPoll(onTimeout), this.#timeoutMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      // The attempt ends at its deadline, even if the handler ignores the abort.
      return await Promise.race([ended, this.#exchange(request, transport, stop)]);
    } catch (error) {
      throw error instanceof RequestFailure ? error : failureFromError(error, request.headers[TOKEN_HEADER]);
    } finally {
      // The timer may have fired already, and its callback wait for the loop's next turn.
      end = () => {};
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #exchange(
    request: MetadataRequest,
    transport: Transport,
    abortSignal: StopSignal,
  ): Promise<MetadataResponse> {
    const send = () => {
      request.onRequest?.();
      const wireRequest = this.#wireRequest(request);
      return suppressTracing(() => transport.handler.handle(wireRequest as never, { abortSignal }));
    };
    const sendOnNewConnection = (error: unknown) => {
      if (abortSignal.aborted || !transport.failedOnReuse(error)) throw error;
      transport.closeIdle();
      return send();
    };
    const { response } = await send().catch(sendOnNewConnection);
    return readResponse(response, request.maxBytes);
  }

  #wireRequest({ method, path, headers }: MetadataRequest): HttpRequest {
    const { protocol, hostname, port, basePath } = this.#endpoint;
    return {
      method,
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      path: basePath + path,
      query: {},
      headers: { ...headers, "user-agent": USER_AGENT },
    };
  }
}

/** What the handler uses of an `AbortSignal`. */
interface StopSignal {
  aborted: boolean;
  onabort: (() => void) | null;
}

async function readResponse(
  { statusCode: status, headers, body }: HttpResponse,
  maxBytes: number,
): Promise<MetadataResponse> {
  if (status === 200) return { status, headers, body: await readBody(body, maxBytes) };
  body.destroy();
  return { status, headers, body: NO_BODY };
}
