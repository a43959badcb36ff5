import type { InstanceMetadataErrorCode } from "../../../src/index.js";
import type { Step } from "../../support/scripted-server.js";
import type { Fault } from "./faults.js";
import { isGoodAnswer } from "./faults.js";

/**
 * One cell of the matrix. `once`: the first request of the step meets the fault, the others are well; `always`:
 * every one does; `reload`: as `always`, after a load that went well.
 */
export interface Cell {
  readonly step: Step;
  readonly fault: Fault;
  readonly moment: "once" | "always" | "reload";
  readonly settings: CellSettings;
}

export interface CellSettings {
  readonly maxRetries: number;
  readonly ec2MetadataV1Disabled: boolean;
  readonly roleName: string | undefined;
}

/** What the design says of a cell. */
export interface Expectation {
  readonly result: "served" | InstanceMetadataErrorCode;
  /** The steps of the requests, in order, of the load that meets the fault. */
  readonly trace: readonly Step[];
}

class Failure {
  constructor(
    readonly code: InstanceMetadataErrorCode,
    readonly status: number | undefined,
  ) {}
}

/**
 * Walks a load by the words of design.md, sections 3 to 5: no code of the library is in here, and nothing of it
 * was recorded from a run.
 */
export function expectationOf(cell: Cell): Expectation {
  const walk = new Walk(cell);
  const known = cell.moment === "reload";
  try {
    if (known) walk.remember();
    if (cell.step === "metadata") walk.read("metadata");
    else walk.load();
    return { result: "served", trace: walk.trace };
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    // "Every other failure serves the set at hand", and so does a role that is gone while the set is valid.
    return { result: known && cell.step !== "metadata" ? "served" : failure.code, trace: walk.trace };
  }
}

class Walk {
  readonly trace: Step[] = [];
  readonly #cell: Cell;
  readonly #met = new Set<Step>();
  #authorized = false;
  #roleKnown: boolean;

  constructor(cell: Cell) {
    this.#cell = cell;
    this.#roleKnown = cell.settings.roleName !== undefined;
  }

  /** What a good load before has left: a token and the role's name. */
  remember(): void {
    this.#authorized = true;
    this.#roleKnown = true;
  }

  load(): void {
    if (!this.#roleKnown) this.read("role");
    try {
      this.read("credentials");
    } catch (failure) {
      if (!(failure instanceof Failure) || failure.status !== 404) throw failure;
      // With a configured name there is nothing to list; otherwise list again, once.
      if (this.#cell.settings.roleName === undefined) {
        this.read("role");
        this.read("credentials");
      } else throw failure;
    }
  }

  /** "A 401 means the token is no good: get one, once, and send again." */
  read(step: Step): void {
    this.#authorize();
    try {
      this.#request(step);
    } catch (failure) {
      if (!(failure instanceof Failure) || failure.status !== 401) throw failure;
      this.#authorized = false;
      this.#authorize();
      this.#request(step);
    }
  }

  #authorize(): void {
    if (this.#authorized) return;
    try {
      this.#request("token");
    } catch (failure) {
      const refused = failure instanceof Failure && [403, 404, 405].includes(failure.status ?? 0);
      if (!refused || this.#cell.settings.ec2MetadataV1Disabled) throw failure;
    }
    this.#authorized = true;
  }

  #request(step: Step): void {
    const { fault, moment, settings } = this.#cell;
    for (let attempt = 0; ; attempt++) {
      this.trace.push(step);
      const met = step === this.#cell.step && !(moment === "once" && this.#met.has(step));
      this.#met.add(step);
      if (!met || isGoodAnswer(fault.class, step)) return;
      if (!isRetried(fault, step) || attempt === settings.maxRetries) throw failureOf(fault, step);
    }
  }
}

/** Section 5, "Retry": what is not named there is final. */
function isRetried({ class: fault }: Fault, step: Step): boolean {
  switch (fault.is) {
    case "status":
      return fault.status === 429 || fault.status >= 500;
    case "reset":
    case "silence":
    case "not http":
    case "cut short":
    case "empty":
      return true;
    case "over the cap":
      return false;
    case "words":
      // No JSON is retried; an illegal token or role name is final.
      return step === "credentials";
  }
}

/** Section 3. */
function failureOf({ class: fault }: Fault, step: Step): Failure {
  switch (fault.is) {
    case "status":
      return new Failure(codeOfStatus(fault.status, step), fault.status);
    case "reset":
      return new Failure("IMDS_UNREACHABLE", undefined);
    case "silence":
      return new Failure("IMDS_TIMEOUT", undefined);
    case "empty":
      return new Failure(step === "role" ? "NO_ROLE_ATTACHED" : "INVALID_RESPONSE", undefined);
    case "not http":
    case "cut short":
    case "over the cap":
    case "words":
      return new Failure("INVALID_RESPONSE", undefined);
  }
}

function codeOfStatus(status: number, step: Step): InstanceMetadataErrorCode {
  if (status === 403) return "IMDS_FORBIDDEN";
  if (status === 429 || status === 503) return "THROTTLED";
  if (step === "token") {
    if (status === 400) return "TOKEN_REJECTED";
    return status === 404 || status === 405 ? "TOKEN_UNSUPPORTED" : "SERVER_ERROR";
  }
  if (status === 401) return "UNAUTHORIZED";
  if (status === 404) return step === "metadata" ? "NOT_FOUND" : "NO_ROLE_ATTACHED";
  return "SERVER_ERROR";
}
