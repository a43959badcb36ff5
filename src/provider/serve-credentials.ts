import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { AwsCredentialIdentityProvider } from "@aws-sdk/types";
import { ListenError } from "../errors/listen-error.js";
import { containerResponse, FORBIDDEN } from "./container-credentials.js";

/** Options of {@link serveCredentials}. */
export interface ServeOptions {
  /** Port of 127.0.0.1, 0 to 65535; 0, the default, takes a free one. */
  port?: number | undefined;
}

/** What {@link serveCredentials} resolves to. */
export interface ServedCredentials {
  /**
   * `AWS_CONTAINER_CREDENTIALS_FULL_URI` and `AWS_CONTAINER_AUTHORIZATION_TOKEN`, for `process.env` or for the
   * environment of a child process. The token is a secret: any process on this machine that has it gets the
   * credentials.
   */
  readonly env: Record<string, string>;
  /** Stops serving; leaves the provider alone. Usable unbound; a second call does nothing. */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const HOST = "127.0.0.1";
const PATH = "/credentials";

/**
 * Serves the credentials of a provider to all AWS SDKs that are given `env`. SDKs in every language read the container
 * credentials protocol in their default chain, so this reaches code that takes no provider. Set `env` before the
 * first client is made.
 *
 * It listens on 127.0.0.1 only, answers no request without the token, and never keeps the process alive.
 *
 * @param provider any credentials provider except a default chain, which would ask this server in turn.
 * @throws TypeError or RangeError that names what is wrong with an argument; an `Error` with Node's `code`
 * (`EADDRINUSE`, `EACCES`) if the port cannot be used.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function serveCredentials(
  provider: AwsCredentialIdentityProvider,
  options: ServeOptions = {},
): Promise<ServedCredentials> {
  if (typeof provider !== "function") {
    throw new TypeError("provider must be a credentials provider, a function that resolves to credentials");
  }
  const port = checkedPort(options);
  // Not loaded by importing the library: most processes serve nothing.
  const { createServer } = await import("node:http");
  const { randomBytes } = await import("node:crypto");
  const token = randomBytes(32).toString("base64url");
  const isAllowed = await requestCheck(token);
  // A request without a Host header is refused like one with a wrong header.
  const server = createServer({ requireHostHeader: false }, async (request, response) => {
    request.resume();
    const { status, body } = isAllowed(request) ? await containerResponse(provider) : FORBIDDEN;
    const headers = { "Content-Type": "application/json", "Cache-Control": "no-store", Connection: "close" };
    response.writeHead(status, headers).end(body);
  });
  server.on("connection", (socket) => socket.unref());
  await new Promise<void>((resolve, reject) => {
    // Not once: a later error, such as no file descriptor left for a connection, must not end the process.
    server.on("error", (cause) => reject(new ListenError(HOST, port, cause)));
    // Exclusive: workers of a cluster would share the port otherwise, and have different tokens.
    server.listen({ host: HOST, port, exclusive: true }, resolve);
  });
  server.unref();
  const { port: bound } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  const env = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${HOST}:${bound}${PATH}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
  };
  return { env, close, [Symbol.asyncDispose]: close };
}

function checkedPort(options: ServeOptions): number {
  if (typeof options !== "object" || options === null) throw new TypeError("options must be an object");
  const { port = 0, ...others } = options;
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
  if (other === "host") throw new TypeError(`host is not an option: credentials are served on ${HOST} only`);
  if (other !== undefined)
    throw new TypeError(`${other} is not an option of serveCredentials; port is the only one`);
  if (typeof port !== "number") throw new TypeError("port must be a number");
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new RangeError("port must be a whole number from 0 to 65535");
}

/**
 * Whether a request may have the credentials. `Host` counts because a page in a browser can send requests to loopback
 * under a name of its own (DNS rebinding).
 */
async function requestCheck(token: string): Promise<(request: IncomingMessage) => boolean> {
  const { createHash, timingSafeEqual } = await import("node:crypto");
  // Digests have the same length, whatever was sent.
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const expected = digest(token);
  return ({ method, url, headers }) =>
    timingSafeEqual(digest(headers.authorization ?? ""), expected) &&
    method === "GET" &&
    url === PATH &&
    /^127\.0\.0\.1(:\d+)?$/.test(headers.host ?? "");
}
