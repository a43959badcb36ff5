import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { issueToken, listRole, serveDocument, text } from "./scripted-replies.js";
import { CERTIFICATE, CERTIFICATE_KEY } from "./tls-certificate.js";

/** What a request is for; the same words as the `step` of an error. */
export type Step = "token" | "role" | "credentials" | "metadata";

/** One request as the server saw it, and what a reply may do with it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** How many requests of this step there were, this one included. */
  readonly nth: number;
  /** From now on the port refuses connections; those that are open stay open. */
  readonly stopListening: () => Promise<void>;
}

export type Reply = (exchange: Exchange) => void;

/** What happens to the first, second … request of a step; the last reply goes for all that follow. */
export type Script = { readonly [S in Step]?: readonly Reply[] };

export interface SeenRequest {
  readonly step: Step;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Which connection it came over, counted from 1. */
  readonly connection: number;
  /** By the monotonic clock, in milliseconds. */
  readonly at: number;
}

const WORKING: Required<Script> = {
  token: [issueToken],
  role: [listRole()],
  credentials: [serveDocument()],
  metadata: [text("some metadata")],
};

const LIST = "/iam/security-credentials/";

function stepOf(path: string): Step {
  if (path.endsWith("/api/token")) return "token";
  if (path.endsWith(LIST)) return "role";
  return path.includes(LIST) ? "credentials" : "metadata";
}

/**
 * A server on loopback that does what a test's script says, step by step, and good answers where it says
 * nothing. It checks nothing by itself: what came is in `requests`.
 */
export class ScriptedServer implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #server;
  readonly #protocol: "http" | "https";
  readonly #sockets = new Map<Socket, number>();
  readonly #seen: Record<Step, number> = { token: 0, role: 0, credentials: 0, metadata: 0 };
  #script: Script;
  #connections = 0;
  #address: AddressInfo | undefined;

  constructor(script: Script, protocol: "http" | "https") {
    this.#script = script;
    this.#protocol = protocol;
    this.#server =
      protocol === "https" ? createTlsServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY }) : createServer();
    // Only the client ends a connection, so that a test sees whether it does.
    this.#server.keepAliveTimeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.on(this.#protocol === "https" ? "secureConnection" : "connection", (socket: Socket) => {
      this.#sockets.set(socket, ++this.#connections);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("request", (request, response) => this.#answer(request, response));
  }

  async listen(host: string): Promise<void> {
    await once(this.#server.listen(0, host), "listening");
    this.#address = this.#server.address() as AddressInfo;
  }

  get port(): number {
    if (!this.#address) throw new Error("the server does not listen yet");
    return this.#address.port;
  }

  get endpoint(): string {
    return `${this.#protocol}://${this.#address?.family === "IPv6" ? "[::1]" : "127.0.0.1"}:${this.port}`;
  }

  /** Method and path of each request so far, in order. */
  get trace(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  get steps(): Step[] {
    return this.requests.map(({ step }) => step);
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  count(step: Step): number {
    return this.#seen[step];
  }

  /** What happens from now on to the requests of one step. */
  play(step: Step, ...replies: readonly Reply[]): void {
    this.#script = { ...this.#script, [step]: replies };
    this.#seen[step] = 0;
  }

  /** Forgets the requests so far. */
  forget(): void {
    this.requests.length = 0;
  }

  /** Resolves once the client has closed every connection. */
  async allClosed(): Promise<void> {
    await Promise.all(
      [...this.#sockets.keys()].map((socket) => new Promise((resolve) => socket.once("close", resolve))),
    );
  }

  /** Ends the server; from then on its port refuses connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#stopListening();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await closed;
  }

  async #stopListening(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url: path = "", headers, socket } = request;
    const step = stepOf(path);
    const nth = ++this.#seen[step];
    const connection = this.#sockets.get(socket) ?? 0;
    this.requests.push({ step, method, path, headers, connection, at: performance.now() });
    const replies = this.#script[step] ?? WORKING[step];
    const reply = replies[Math.min(nth, replies.length) - 1];
    if (!reply) throw new Error(`the script for ${step} is empty`);
    const stopListening = () => this.#stopListening();
    reply({ request, response, socket, nth, stopListening });
  }
}

export async function scriptedServer(
  script: Script = {},
  host = "127.0.0.1",
  protocol: "http" | "https" = "http",
): Promise<ScriptedServer> {
  const server = new ScriptedServer(script, protocol);
  await server.listen(host);
  return server;
}

/** A loopback endpoint that refuses connections. */
export async function deadEndpoint(): Promise<string> {
  const server = await scriptedServer();
  await server[Symbol.asyncDispose]();
  return server.endpoint;
}
