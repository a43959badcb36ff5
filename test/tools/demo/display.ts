import type { WriteStream } from "node:tty";

const PLAIN_EVERY_MS = 2000;
const ERASE_LINE = "\r\u001b[K";

type Output = Pick<WriteStream, "write" | "isTTY" | "columns">;

/**
 * What the terminal shows: events one below the other and, under them, one line that is kept up to date. Where
 * the output is no terminal, that line is written every two seconds instead.
 */
export class Display {
  readonly #output: Output;
  readonly #started = Date.now();
  #lastStatus = 0;

  constructor(output: Output) {
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
      // A line that is wrapped could not be erased.
      this.#output.write(`${ERASE_LINE}${text.slice(0, (this.#output.columns || 80) - 1)}`);
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
