import type { WriteStream } from "node:tty";

const PLAIN_EVERY_MS = 2000;
const ERASE_LINE = "\r\u001b[K";

/**
 * What the terminal shows: events one below the other and, under them, one line that is kept up to date. Where
 * the output is no terminal, that line is written every two seconds instead.
 */
export class Display {
  readonly #output: Pick<WriteStream, "write" | "isTTY">;
  readonly #started = Date.now();
  #lastStatus = 0;

  constructor(output: Pick<WriteStream, "write" | "isTTY">) {
    this.#output = output;
  }

  get elapsedMs(): number {
    return Date.now() - this.#started;
  }

  event(text: string): void {
    this.#output.write(`${this.#erase}${this.#time}  ${text}\n`);
  }

  status(text: string): void {
    if (this.#output.isTTY) {
      this.#output.write(`${ERASE_LINE}${this.#time}  ${text}`);
    } else if (this.elapsedMs - this.#lastStatus >= PLAIN_EVERY_MS) {
      this.#lastStatus = this.elapsedMs;
      this.event(text);
    }
  }

  /** Takes the place of the line that was kept up to date. */
  summary(lines: readonly string[]): void {
    this.#output.write(`${this.#erase}\n${lines.join("\n")}\n`);
  }

  get #erase(): string {
    return this.#output.isTTY ? ERASE_LINE : "";
  }

  get #time(): string {
    return `${(this.elapsedMs / 1000).toFixed(1).padStart(5)} s`;
  }
}
