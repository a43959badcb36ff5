import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { MockImds } from "../../src/testing/index.js";

export const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
export const TOKEN_HEADER = "x-aws-ec2-metadata-token";
export const TOKEN_PATH = "/latest/api/token";
export const ROLES_PATH = "/latest/meta-data/iam/security-credentials/";

type Headers = Readonly<Record<string, string>>;

export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own, its path sent as it stands. Rejects when the answer does not come whole. */
export async function exchange(
  endpoint: string,
  path: string,
  { method = "GET", headers = {}, signal }: { method?: string; headers?: Headers; signal?: AbortSignal } = {},
): Promise<Exchange> {
  const { hostname, port } = new URL(endpoint);
  const host = hostname.replace(/^\[|\]$/g, "");
  const sent = request({ host, port, path, method, headers, agent: false, ...(signal && { signal }) });
  sent.end();
  const [response] = await once(sent, "response");
  const body = await text(response);
  if (!response.complete) throw new Error("the answer was cut short");
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

export async function newToken(endpoint: string, ttlSeconds = 21600): Promise<string> {
  const headers = { [TTL_HEADER]: String(ttlSeconds) };
  const { status, body } = await exchange(endpoint, TOKEN_PATH, { method: "PUT", headers });
  if (status !== 200) throw new Error(`the token's PUT was answered ${status}`);
  return body;
}

/** Reads a path with a new token. */
export async function read(endpoint: string, path: string, method = "GET"): Promise<Exchange> {
  return exchange(endpoint, path, { method, headers: { [TOKEN_HEADER]: await newToken(endpoint) } });
}

/** The credentials document of a role, as an object. */
export async function readDocument(endpoint: string, role = "mock-role"): Promise<Record<string, string>> {
  const { status, body } = await read(endpoint, ROLES_PATH + role);
  if (status !== 200) throw new Error(`the document was answered ${status}`);
  return JSON.parse(body);
}

/** Waits until the mock has seen so many requests, without timers: those may belong to the test. */
export async function seen(imds: MockImds, count: number): Promise<void> {
  while (imds.requests.length < count) await new Promise((resolve) => setImmediate(resolve));
}

/** A bare connection, for what no HTTP client would send. */
export class RawConnection {
  readonly socket: Socket;
  #received = "";

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("latin1").on("data", (chunk) => {
      this.#received += chunk;
    });
    // What matters is whether it ends; a reset is an end too.
    this.socket.on("error", () => {});
  }

  send(...lines: string[]): void {
    this.socket.write(lines.join("\r\n"));
  }

  /** What was received, once it matches. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#received)) {
      if (this.socket.destroyed) throw new Error(`closed after ${JSON.stringify(this.#received)}`);
      await Promise.race([once(this.socket, "data"), once(this.socket, "close")]);
    }
    return this.#received;
  }

  /** Everything that was received, once the other side has closed. */
  async untilClosed(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, "close");
    return this.#received;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
