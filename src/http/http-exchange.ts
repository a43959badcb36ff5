import type { IncomingMessage } from "node:http";
import type { HttpRequest, HttpResponse } from "@smithy/types";
import type { Endpoint } from "../config/endpoint.js";
import { abortedBy, failureFromError, RequestFailure } from "../errors/request-failure.js";
import { unrefTimer } from "../runtime/clock.js";
import { suppressTracing } from "../runtime/suppress-tracing.js";
import { VERSION } from "../runtime/version.js";
import type { Transport } from "./transport.js";
import { loadTransport } from "./transport.js";

export interface MetadataRequest {
  readonly method: "GET" | "PUT";
  /** From the root of the service, with its leading slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The most bytes that the body may have. */
  readonly maxBytes: number;
}

/** An answer with status 200. */
export interface MetadataAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const UTF_8 = new TextDecoder();

const USER_AGENT = `ec2-role-credentials/${VERSION} lang/js md/nodejs#${process.versions.node} os/${process.platform}`;

/** IMDS limits simultaneous connections per instance: what exceeds this waits for its turn, before its deadline starts. */
const MOST_AT_ONCE = 16;

/**
 * One HTTP request to the metadata service and its whole answer: one deadline from connect to last byte, a cap
 * on the body, no redirects, no proxy. Connections are kept while somebody holds the exchange open, then closed.
 */
export class HttpExchange {
  readonly #endpoint: Endpoint;
  readonly #timeoutMs: number;
  readonly #queue: (() => void)[] = [];
  #openTransport: (() => Transport) | undefined;
  #transport: Transport | undefined;
  #holders = 0;
  #active = 0;

  constructor(endpoint: Endpoint, timeoutMs: number) {
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
  }

  /** Runs `work`; connections made meanwhile are kept, and closed when the last one to hold the exchange is done. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#holders++;
    try {
      return await work();
    } finally {
      this.#holders--;
      if (this.#holders === 0) {
        this.#transport?.destroy();
        this.#transport = undefined;
      }
    }
  }

  /** Sends one request. Rejects with a `RequestFailure`, also for every status but 200. */
  send(request: MetadataRequest, signal?: AbortSignal, onRequest?: () => void): Promise<MetadataAnswer> {
    return this.hold(async () => {
      await this.#turn(signal);
      try {
        return await this.#exchange(request, signal, onRequest);
      } finally {
        this.#next();
      }
    });
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#active < MOST_AT_ONCE) {
      this.#active++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onTurn = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#queue.splice(this.#queue.indexOf(onTurn), 1);
        reject(abortedBy(signal));
      };
      if (signal?.aborted) return reject(abortedBy(signal));
      this.#queue.push(onTurn);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #next(): void {
    const waiting = this.#queue.shift();
    if (waiting) waiting();
    else this.#active--;
  }

  async #exchange(
    request: MetadataRequest,
    signal: AbortSignal | undefined,
    onRequest: (() => void) | undefined,
  ): Promise<MetadataAnswer> {
    this.#openTransport ??= await loadTransport(this.#endpoint);
    if (signal?.aborted) throw abortedBy(signal);
    this.#transport ??= this.#openTransport();
    const transport = this.#transport;
    const wireRequest = this.#wireRequest(request);
    // What the handler also takes for an `AbortSignal`, which takes Node a good part of a request to make.
    const stop: { aborted: boolean; onabort: (() => void) | null } = { aborted: false, onabort: null };
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
        transport.isConnecting(wireRequest.headers)
          ? new RequestFailure("unconnected", "no connection was made in time")
          : new RequestFailure("timeout", "no whole answer came in time"),
      );
    const onAbort = () => end(abortedBy(signal));
    // After a blocked event loop the timer comes first and the answer, long here, second: let it be read. The
    // immediate stays referenced: an idle loop sleeps past one that is not, and the deadline would never come.
    const timer = unrefTimer(() => setImmediate(onTimeout), this.#timeoutMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    onRequest?.();
    try {
      const answer = suppressTracing(() =>
        transport.handler.handle(wireRequest as never, { abortSignal: stop }),
      );
      // Whatever the handler makes of the end, the attempt is over.
      return await Promise.race([
        ended,
        answer.then(({ response }) => readAnswer(response, request.maxBytes)),
      ]);
    } catch (error) {
      throw error instanceof RequestFailure ? error : failureFromError(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
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

async function readAnswer(
  { statusCode, headers, body }: HttpResponse,
  maxBytes: number,
): Promise<MetadataAnswer> {
  if (statusCode === 200) return { headers, body: await readBody(body, maxBytes) };
  body.destroy();
  throw new RequestFailure("status", `it answered with status ${statusCode}`, { statusCode });
}

/** By events: what Node loads to iterate over a stream costs a process that starts more than a request does. */
function readBody(message: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let whole = false;
    const onClose = () => {
      if (!whole) reject(new RequestFailure("truncated", "the answer broke off"));
    };
    if (message.destroyed) return onClose();
    message.on("data", (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= maxBytes) return;
      reject(new RequestFailure("oversized", `the body is over ${maxBytes} bytes`));
      message.destroy();
    });
    message.once("end", () => {
      whole = message.complete;
      if (whole) resolve(UTF_8.decode(Buffer.concat(chunks)));
    });
    message.once("error", onClose).once("close", onClose);
  });
}
