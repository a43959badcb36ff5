import { systemCodeOf } from "./system-code.js";

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "is in use. Choose another one; 0 takes a free one",
  EACCES: "needs privileges that this process does not have. Choose one above 1023; 0 takes a free one",
};

/** A server could not listen. `code` is Node's, such as `EADDRINUSE`. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: string | undefined;

  constructor(host: string, port: number, cause: unknown) {
    const code = systemCodeOf(cause);
    const reason = REASONS[code ?? ""] ?? `cannot be listened on: ${code ?? String(cause)}`;
    super(`Port ${port} of ${host} ${reason}`, { cause });
    this.code = code;
  }
}
