import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Answer, headersOf, refusal } from "../service/answer.js";
import { checkNames, checkText, checkWholeNumber } from "../service/checks.js";
import type { MockMetadata } from "../service/mock-metadata.js";
import type { MockListener, MockListenOptions } from "../types.js";
import { DRIP_MS, dripped, truncated } from "./delivery.js";
import { remember } from "./live-listeners.js";

/** Serves the mock over HTTP. */
export async function listen(metadata: MockMetadata, options: MockListenOptions = {}): Promise<MockListener> {
  checkNames("options", options, ["port", "host"]);
  const port = checkWholeNumber("port", options.port ?? 0, 0, 65535);
  const host = checkText("host", options.host ?? "127.0.0.1");
  const sockets = new Set<Socket>();
  // No timeout of its own: a connection lasts until its client or a fault ends it.
  const server = createServer(
    { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 },
    (request, response) => handle(metadata, request, response),
  );
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuseAll(socket, 400, error));
  server.on("connect", (_request, socket) => refuseAll(socket, 405));
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
    server.listen(port, host, () => {
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

function handle(metadata: MockMetadata, request: IncomingMessage, response: ServerResponse): void {
  // A token's PUT may have a body, or end its chunks later; nobody reads it, but it must not block the connection.
  request.resume();
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  const answer = metadata.answer({
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers: Object.fromEntries(headers),
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
  // In HTTP/1.1 connections are kept unless somebody says otherwise, and EC2 says no more than that.
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

/** Answers what is no request, or none for this server, and hangs up. */
function refuseAll(socket: Duplex, status: number, error?: NodeJS.ErrnoException): void {
  // Node has taken its own listener off a socket that it hands over.
  socket.on("error", () => socket.destroy());
  if (error?.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const reply = refusal(status, { Connection: "close" });
  const lines = Object.entries(headersOf(reply, 0)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${reply.body}`);
}
