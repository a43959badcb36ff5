import { runOutsideAsyncContext } from "./async-context.js";
import { unrefTimer } from "./clock.js";

/** One timer at a time on behalf of an owner that it keeps neither alive nor from being collected. */
export class WeakTimer {
  #handle: NodeJS.Timeout | undefined;

  get isSet(): boolean {
    return this.#handle !== undefined;
  }

  /** Takes the place of the timer before. `then` must not close over the owner: it is given it, if it still lives. */
  set<T extends WeakKey>(owner: T, ms: number, then: (owner: T) => void): void {
    this.stop();
    const reference = new WeakRef(owner);
    const fire = () => {
      const alive = reference.deref();
      if (alive !== undefined) then(alive);
    };
    this.#handle = runOutsideAsyncContext(() => unrefTimer(fire, ms));
  }

  stop(): void {
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }
}
