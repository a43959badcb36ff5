import type { MockRequest } from "../../testing/types.js";

/** Writes a line of the log. Lines that no process reads are dropped: they must not pile up, nor stop the mock. */
export function log(line: string): void {
  if (!process.stderr.writableNeedDrain) process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}

/** A request, as the log shows it. Headers and queries stay out: they hold tokens, and may hold other secrets. */
export function requestLine({ method, path, headers, status, step }: MockRequest): string {
  const shown = path
    .replace(/^https?:\/\/[^/?#]*/i, "")
    .replace(/\?.*$/s, "?…")
    .replace(/[^\u0021-\u007e…]/g, encodeURIComponent);
  const token = "x-aws-ec2-metadata-token" in headers ? "with a token" : "no token";
  const answer = status === 0 ? "no answer" : status;
  return method === "" ? `not HTTP ${answer}` : `${method} ${shown} ${answer} (${step}, ${token})`;
}
