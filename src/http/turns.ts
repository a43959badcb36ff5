import { abortedBy } from "../errors/request-failure.js";

/** Lets so many through at once; the others wait for their turn, in order. */
export class Turns {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves when it is the caller's turn, who must call {@link end} after it. Rejects when the signal is aborted first. */
  begin(signal: AbortSignal | undefined): Promise<void> {
    if (this.#active < this.#max) {
      this.#active++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onTurn = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        reject(abortedBy(signal));
      };
      if (signal?.aborted) return reject(abortedBy(signal));
      this.#waiting.push(onTurn);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  end(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#active--;
  }
}
