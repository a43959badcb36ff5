import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

export type Step = "token" | "role" | "credentials" | "elsewhere";

/** The bytes that answer each step; nothing is added to them, and the connection is closed after them. */
export type RawAnswers = Readonly<Record<"token" | "role" | "credentials", Buffer>>;

const LIST = "/latest/meta-data/iam/security-credentials/";

function stepOf(path: string): Step {
  if (path === "/latest/api/token") return "token";
  if (path === LIST) return "role";
  const segment = path.startsWith(LIST) ? path.slice(LIST.length) : "";
  // One segment below the list: what IAM allows in a name, and the colons and slashes of ARNs, encoded.
  const isName = /^(?:[A-Za-z0-9+=,.@_-]|%3A|%2F)+$/.test(segment) && segment !== "." && segment !== "..";
  return isName ? "credentials" : "elsewhere";
}

/** A server that answers with whatever bytes it is given, on loopback. */
export async function rawServer(): Promise<{
  readonly endpoint: string;
  readonly seen: Step[];
  answers: RawAnswers;
  close(): Promise<void>;
}> {
  const seen: Step[] = [];
  const server = createServer((socket) => {
    let head = "";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      head += data.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      const step = stepOf(head.split(" ")[1] ?? "");
      head = "";
      seen.push(step);
      socket.end(step === "elsewhere" ? "" : self.answers[step]);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const self = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answers: { token: Buffer.alloc(0), role: Buffer.alloc(0), credentials: Buffer.alloc(0) } as RawAnswers,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
  return self;
}

/** A well-formed answer around a body. */
export function http(status: number, body: string | Uint8Array, headers: readonly string[] = []): Buffer {
  const bytes = Buffer.from(body);
  const head = [
    `HTTP/1.1 ${status} Whatever`,
    `Content-Length: ${bytes.length}`,
    "Connection: close",
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), bytes]);
}
