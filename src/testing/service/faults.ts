import type { MockFault, MockStep } from "../types.js";
import { checkCount, checkNames, checkOneOf, checkWholeNumber, MODES, refuse, STEPS } from "./checks.js";

/** The part of a fault that says what happens. */
export type Fault = Pick<MockFault, "status" | "body" | "mode">;

interface Pending {
  readonly on: MockStep | "any";
  readonly fault: Fault;
  waits: number;
  left: number;
}

/** The faults that are still to come. */
export class Faults {
  #pending: Pending[] = [];

  add(given: MockFault): void {
    checkNames("fault", given, ["on", "times", "after", "status", "body", "mode"]);
    const { on = "any", times = 1, after = 0, status, body, mode } = given;
    if (status !== undefined) checkWholeNumber("fault.status", status, 200, 599);
    if (body !== undefined && typeof body !== "string" && typeof body !== "function") {
      refuse("fault.body", "a string or a function", body);
    }
    if (mode !== undefined) checkOneOf("fault.mode", mode, MODES);
    const alone = status === undefined && body === undefined && mode === undefined;
    this.#pending.push({
      on: checkOneOf("fault.on", on, [...STEPS, "any"] as const),
      left: checkCount("fault.times", times, 1),
      waits: checkCount("fault.after", after, 0),
      fault: { status: alone ? 500 : status, body, mode },
    });
  }

  /** What is to happen to a request of this step, which is used up by asking. */
  take(step: MockStep): Fault | undefined {
    const matching = this.#pending.filter(({ on }) => on === "any" || on === step);
    const next = matching.find(({ waits }) => waits === 0);
    // Every fault that still waits has seen this request, whichever of the others it goes to.
    for (const pending of matching) if (pending.waits > 0) pending.waits -= 1;
    if (!next) return undefined;
    next.left -= 1;
    if (next.left === 0) this.#pending = this.#pending.filter((one) => one !== next);
    return next.fault;
  }

  clear(): void {
    this.#pending = [];
  }
}
