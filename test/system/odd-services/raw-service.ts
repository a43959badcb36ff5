import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** One response, byte for byte as it goes over the wire; the connection is closed after one that says so. */
export type Raw = string;

/** What a service answers, by method and decoded path (`GET /latest/meta-data/instance-id`), and to everything else. */
export interface Answers {
  readonly [request: `${"GET" | "PUT"} /${string}`]: Raw;
  readonly otherwise: Raw;
}

/** A service that knows nothing of HTTP but where a request ends: what it sends is exactly what the table says. */
export class RawService implements AsyncDisposable {
  /** Request lines so far, the path as it was sent. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #answers: Answers;

  private constructor(answers: Answers) {
    this.#answers = answers;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(answers: Answers): Promise<RawService> {
    const service = new RawService(answers);
    await once(service.#server.listen(0, "127.0.0.1"), "listening");
    return service;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on these answers count as well. */
  change(answers: Partial<Answers>): void {
    this.#answers = { ...this.#answers, ...answers } as Answers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket)).on("error", () => {});
    let received = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      received += text;
      // No request of this library has a body.
      const [head, rest] = received.split("\r\n\r\n", 2);
      if (head === undefined || rest === undefined) return;
      received = "";
      const answer = this.#answerTo(head.split("\r\n", 1)[0] ?? "");
      const isLast = answer.startsWith("HTTP/1.0") || /^connection: close\r$/im.test(answer);
      socket.write(answer, () => isLast && socket.end());
    });
  }

  #answerTo(line: string): Raw {
    const [method, path = ""] = line.split(" ");
    this.requests.push(`${method} ${path}`);
    const known = `${method} ${decodeURIComponent(path)}` as keyof Answers;
    return this.#answers[known] ?? this.#answers.otherwise;
  }
}
