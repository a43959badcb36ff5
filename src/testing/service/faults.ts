import type { MockFault, MockStep } from "../types.js";
import {
  checkCount,
  checkNames,
  checkOneOf,
  checkText,
  checkWholeNumber,
  MODES,
  refuse,
  STEPS,
} from "./checks.js";
import { type MetadataPath, metadataSegments, parsePath } from "./metadata-path.js";

/** The part of a fault that says what happens. */
export type Fault = Pick<MockFault, "status" | "body" | "mode">;

interface Pending {
  readonly matches: (path: MetadataPath | undefined, step: MockStep) => boolean;
  readonly fault: Fault;
  skip: number;
  left: number;
}

/** The faults that are still to come. */
export class Faults {
  #pending: Pending[] = [];

  add(given: MockFault): void {
    checkNames("fault", given, ["on", "path", "times", "after", "status", "body", "mode"]);
    const { on = "any", times = 1, after = 0, status, body, mode } = given;
    checkOneOf("fault.on", on, [...STEPS, "any"] as const);
    if (status !== undefined) checkWholeNumber("fault.status", status, 200, 599);
    if (body !== undefined && typeof body !== "string" && typeof body !== "function") {
      refuse("fault.body", "a string or a function", body);
    }
    if (mode !== undefined) checkOneOf("fault.mode", mode, MODES);
    const alone = status === undefined && body === undefined && mode === undefined;
    const isPath = given.path === undefined ? () => true : pathMatcher(given.path);
    this.#pending.push({
      matches: (path, step) => (on === "any" || on === step) && isPath(path),
      left: checkCount("fault.times", times, 1),
      skip: checkCount("fault.after", after, 0),
      fault: { status: alone ? 500 : status, body, mode },
    });
  }

  /** What happens to this request. Asking uses up one of the fault's times. */
  take(path: MetadataPath | undefined, step: MockStep): Fault | undefined {
    const matching = this.#pending.filter(({ matches }) => matches(path, step));
    const next = matching.find(({ skip }) => skip === 0);
    // The request counts for every fault that still skips some, whichever fault it gets.
    for (const pending of matching) if (pending.skip > 0) pending.skip -= 1;
    if (!next) return undefined;
    next.left -= 1;
    if (next.left === 0) this.#pending = this.#pending.filter((one) => one !== next);
    return next.fault;
  }

  clear(): void {
    this.#pending = [];
  }
}

/** A path in full is of one version; one below `meta-data/` or `dynamic/` is of all. */
function pathMatcher(wanted: string): (path: MetadataPath | undefined) => boolean {
  if (!checkText("fault.path", wanted).startsWith("/")) {
    const segments = metadataSegments("fault", wanted).join("/");
    return (path) => path?.segments.join("/") === segments;
  }
  const full = parsePath(wanted);
  if (!full) return refuse("fault.path", "a path that can be decoded", wanted);
  return (path) => path?.version === full.version && path?.segments.join("/") === full.segments.join("/");
}
