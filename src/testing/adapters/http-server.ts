import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Answer, headersOf, refusal } from "../service/answer.js";
import { checkNames, checkText, checkWholeNumber } from "../service/checks.js";
import { parsePath } from "../service/metadata-path.js";
import type { MockMetadata } from "../service/mock-metadata.js";
import type { MockListener, MockListenOptions } from "../types.js";
import { DRIP_MS, dripped, truncated } from "./delivery.js";
import { remember } from "./live-listeners.js";

/** Answers requests that are not for the metadata service; false: it is for the metadata service. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Serves the mock over HTTP. */
export async function listen(
  metadata: MockMetadata,
  options: MockListenOptions = {},
  intercept: Intercept = () => false,
): Promise<MockListener> {
  checkNames("options", options, ["port", "host"]);
  const port = checkWholeNumber("port", options.port ?? 0, 0, 65535);
  const host = checkText("host", options.host ?? "127.0.0.1");
  const sockets = new Set<Socket>();
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (!intercept(request, response)) handle(metadata, request, response);
  };
  const server = createServer(
    // No timeouts: a connection lasts until its client or a fault ends it. EC2 does not need a Host header either.
    { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, requireHostHeader: false },
    onRequest,
  );
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // Node would answer these two by itself, and they would not be recorded.
  server.on("checkExpectation", onRequest);
  server.on("clientError", (error: ParseError, socket) => refuseGarbage(metadata, error, socket));
  server.on("connect", ({ method = "CONNECT", url = "", headers }, socket) => {
    metadata.record({ method, path: url, headers: flat(headers), status: 405, step: "other" });
    refuse(socket, 405);
  });
  await bind(server, port, host);
  const bound = (server.address() as AddressInfo).port;
  const endpoint = `http://${urlHost(host)}:${bound}`;
  const forget = remember(endpoint, metadata);
  const close = once(() => {
    forget();
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { endpoint, port: bound, close, [Symbol.asyncDispose]: close };
}

const bind = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    // Exclusive: workers of a cluster would otherwise share the port, and get answers of each other's mocks.
    server.listen({ port, host, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });

/** The host as it stands in a URL; a wildcard is no address to send to, so its loopback stands in. */
function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}

const flat = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

function handle(metadata: MockMetadata, request: IncomingMessage, response: ServerResponse): void {
  // A token's PUT may have a body, or end its chunks later; it is not used, but must not block the connection.
  request.resume();
  const answer = metadata.answer({
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers: flat(request.headers),
  });
  if (answer.delayMs === 0) {
    deliver(answer, request, response);
    return;
  }
  const timer = setTimeout(() => deliver(answer, request, response), answer.delayMs);
  response.once("close", () => clearTimeout(timer));
}

function deliver(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body, delivery } = answer;
  if (delivery === "hang") return;
  if (delivery === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  response.sendDate = false;
  // In HTTP/1.1 connections are kept by default, and EC2 sends no header about it.
  if (request.httpVersion === "1.1" && response.shouldKeepAlive) response.removeHeader("connection");
  if (delivery === "whole") {
    response.writeHead(status, headers).end(body);
    return;
  }
  if (delivery === "truncate") {
    const { sent, declared } = truncated(body);
    response.writeHead(status, { ...headers, "Content-Length": declared });
    response.flushHeaders();
    response.write(sent, () => request.socket.destroySoon());
    return;
  }
  const { "Content-Length": _, ...endless } = headers;
  response.writeHead(status, endless);
  response.flushHeaders();
  const bytes = dripped(body);
  const timer = setInterval(() => response.write(bytes.next().value), DRIP_MS);
  response.once("close", () => clearInterval(timer));
}

interface ParseError extends NodeJS.ErrnoException {
  /** The bytes that Node could not parse. */
  readonly rawPacket?: Buffer;
}

function refuseGarbage(metadata: MockMetadata, error: ParseError, socket: Duplex): void {
  // Nothing came, or the refusal is already on its way.
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  // Method and path as far as there are any: the fault may be in a header.
  const [, method = "", path = ""] =
    /^([A-Z]+) (\S+) HTTP\//.exec(error.rawPacket?.toString("latin1") ?? "") ?? [];
  metadata.record({ method, path, headers: {}, status: 400, step: parsePath(path)?.step ?? "other" });
  refuse(socket, 400);
}

/** Answers on a connection that has no request of Node's, and closes it. */
function refuse(socket: Duplex, status: number): void {
  // Node has removed its own listener from a socket that it passes on.
  socket.on("error", () => socket.destroy());
  const reply = refusal(status, { Connection: "close" });
  const lines = Object.entries(headersOf(reply, 0)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${reply.body}`);
}
