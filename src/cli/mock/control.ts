import type { IncomingMessage, ServerResponse } from "node:http";
import type { Intercept } from "../../testing/adapters/http-server.js";
import type { MockImds } from "../../testing/types.js";
import { ACTIONS, QUERIES } from "./control-actions.js";

const MAX_BODY_BYTES = 1024 * 1024;

/** A request that is refused: its status, and the text that says why. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * What is below `/_mock/`: another process drives the mock there. A web page must not: it reaches loopback too, by a
 * name of its own that resolves there (DNS rebinding) or by a form that it sends.
 */
export function controlOf(imds: MockImds, host: string, log: (line: string) => void): Intercept {
  const addresses = host === "localhost" ? ["127.0.0.1", "[::1]"] : [host.includes(":") ? `[${host}]` : host];
  const local = new Set([...addresses, "localhost"]);
  return (request, response) => {
    const name = /^\/_mock(?:\/([^?]*))?(?:\?|$)/.exec(request.url ?? "");
    if (!name) return false;
    void answer(imds, local, request, name[1] ?? "").then(
      (result) => send(response, 200, result === undefined ? {} : result),
      (error: unknown) => refuse(response, error),
    );
    response.once("finish", () => log(`${request.method} ${request.url} ${response.statusCode} (control)`));
    return true;
  };
}

async function answer(
  imds: MockImds,
  local: ReadonlySet<string>,
  request: IncomingMessage,
  name: string,
): Promise<unknown> {
  const { host, origin } = request.headers;
  if (!isLocal(local, host)) throw new Refusal(403, "the Host header has to be the mock's own address");
  if (origin !== undefined && !isLocal(local, origin.replace(/^https?:\/\//, "")))
    throw new Refusal(403, "requests of web pages are refused");
  const action = ACTIONS.get(name);
  const query = QUERIES.get(name);
  if (query && request.method === "GET") return query(imds);
  if (action && request.method === "POST") return action(imds, parseBody(await textOf(request)));
  if (query) throw new Refusal(405, `GET /_mock/${name}`, { Allow: "GET" });
  if (action) throw new Refusal(405, `POST /_mock/${name}`, { Allow: "POST" });
  throw new Refusal(404, "there is no such path; GET /_mock/ lists what there is");
}

const isLocal = (local: ReadonlySet<string>, host: string | undefined): boolean =>
  host !== undefined && local.has(host.toLowerCase().replace(/:\d+$/, ""));

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // The rest is read and dropped: a client that is still sending would not get the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new Refusal(413, "the body is over 1 MiB");
  return Buffer.concat(chunks).toString();
}

function parseBody(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body, which may hold credentials.
    throw new Refusal(400, "the body is not JSON");
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>;
  throw new Refusal(400, "the body has to be a JSON object");
}

function refuse(response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Refusal) send(response, error.status, { error: message }, error.headers);
  // The mock's calls throw it for what is not valid.
  else if (error instanceof TypeError) send(response, 400, { error: message });
  // The client has gone away, or something is wrong with the mock.
  else send(response, 500, { error: message });
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(`${JSON.stringify(body)}\n`);
}
