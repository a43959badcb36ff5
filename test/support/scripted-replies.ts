import { ROLE, roleDocument, SECRETS } from "./role-document.js";
import type { Exchange, Reply } from "./scripted-server.js";

type Headers = Readonly<Record<string, string>>;

const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";

/** The nth token that a server issues. */
export const tokenNumber = (nth: number): string => `${SECRETS.sessionTokenOfMetadata}-${nth}`;

export const answer =
  (status: number, body = "", headers: Headers = {}): Reply =>
  ({ response }) =>
    void response.writeHead(status, headers).end(body);

export const text = (body: string, headers: Headers = {}): Reply => answer(200, body, headers);

export const json = (value: unknown): Reply => text(JSON.stringify(value));

export const issueToken: Reply = (exchange) => {
  const ttl = String(exchange.request.headers[TTL_HEADER]);
  text(tokenNumber(exchange.nth), { [TTL_HEADER]: ttl })(exchange);
};

export const issueTokenFor =
  (ttl: string): Reply =>
  (exchange) =>
    text(tokenNumber(exchange.nth), { [TTL_HEADER]: ttl })(exchange);

export const listRole = (name: string = ROLE): Reply => text(name);

export const serveDocument = (changes?: Readonly<Record<string, unknown>>): Reply =>
  json(roleDocument(changes));

/** Nothing is ever answered. */
export const hang: Reply = () => {};

/** The connection is reset before an answer. */
export const reset: Reply = ({ socket }) => void socket.resetAndDestroy();

/** The connection is closed in good order, without an answer. */
export const hangUp: Reply = ({ socket }) => void socket.end();

/** The connection ends in the middle of the headers. */
export const cutHeaders: Reply = ({ socket }) => void socket.end("HTTP/1.1 200 OK\r\nContent-Le");

/** These bytes and the end. */
export const raw =
  (bytes: string): Reply =>
  ({ socket }) =>
    void socket.end(bytes);

export const notHttp: Reply = raw(`SSH-2.0-OpenSSH_9.6 ${SECRETS.body}\r\n`);

const DRIP_MS = 20;

function drip({ socket }: Exchange, start: string, drop: string): void {
  socket.write(start);
  const timer = setInterval(() => socket.write(drop), DRIP_MS);
  socket.once("close", () => clearInterval(timer));
}

/** A header line now and then, for ever: never idle for long, never done. */
export const dripHeaders: Reply = (exchange) => drip(exchange, "HTTP/1.1 200 OK\r\n", "X-Drop: 1\r\n");

/** A byte of the body now and then, for ever. */
export const dripBody: Reply = (exchange) =>
  drip(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", " ");

/** A body that is sent as fast as it is taken and has no end. */
export const endlessBody =
  (status = 200): Reply =>
  ({ response }) => {
    const block = "x".repeat(16 * 1024);
    const pump = () => {
      while (!response.destroyed && response.write(block));
    };
    response.writeHead(status).on("drain", pump);
    pump();
  };

/** Fewer bytes than `Content-Length` says. */
export const truncated: Reply = raw(
  `HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{"Code":"Success","${SECRETS.body}`,
);

/** A chunked body without its last chunk. */
export const unendedChunks: Reply = raw(
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"Code"\r\n`,
);

/** The connection is reset in the middle of the body. */
export const resetInBody: Reply = ({ socket }) => {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{"${SECRETS.body}`, () =>
    setTimeout(() => socket.resetAndDestroy(), 1),
  );
};

/** A good body, a byte a chunk and a packet. */
export const inTinyPieces =
  (body: string): Reply =>
  ({ response, socket }) => {
    socket.setNoDelay(true);
    const bytes = [...body];
    const next = () => {
      const byte = bytes.shift();
      if (byte === undefined) response.end();
      else response.write(byte, () => setImmediate(next));
    };
    response.writeHead(200);
    next();
  };

/** A good answer, after which the port refuses connections. */
export const thenGone =
  (reply: Reply): Reply =>
  (exchange) => {
    exchange.response.setHeader("connection", "close");
    void exchange.stopListening();
    reply(exchange);
  };
