import type { InstanceMetadataErrorCode } from "../../../src/index.js";
import type { Step } from "../../support/scripted-server.js";
import type { Fault } from "./faults.js";
import { isGoodAnswer } from "./faults.js";

/**
 * One cell of the matrix. `once`: the first request of the step gets the fault, the others a good response; `always`:
 * every one gets it; `reload`: as `always`, after an initial load that succeeded.
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
  /** Of the error, if there is one. */
  readonly attempts?: number;
  readonly statusCode?: number | undefined;
  /** The steps of the requests, in order, of the load that meets the fault. */
  readonly trace: readonly Step[];
}

class Failure {
  constructor(
    readonly code: InstanceMetadataErrorCode,
    readonly status: number | undefined,
    readonly attempts = 0,
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
    // "Every other failure returns what is cached", and so does a role that is gone while the credentials are valid.
    if (known && cell.step !== "metadata") return { result: "served", trace: walk.trace };
    const { code, status, attempts } = failure;
    return { result: code, attempts, statusCode: status, trace: walk.trace };
  }
}

class Walk {
  readonly trace: Step[] = [];
  readonly #cell: Cell;
  readonly #met = new Set<Step>();
  #authorized = false;
  #roleKnown: boolean;
  /** A request on a kept connection that is closed before any byte of a response is sent once more, uncounted. */
  #connection: "new" | "kept" = "new";

  constructor(cell: Cell) {
    this.#cell = cell;
    this.#roleKnown = cell.settings.roleName !== undefined;
  }

  /** What a good load leaves: a token and the role's name, but no connection. */
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
      this.#request(step, 0);
    } catch (failure) {
      if (!(failure instanceof Failure) || failure.status !== 401) throw failure;
      this.#authorized = false;
      this.#authorize();
      this.#request(step, failure.attempts);
    }
  }

  #authorize(): void {
    if (this.#authorized) return;
    try {
      this.#request("token", 0);
    } catch (failure) {
      const refused = failure instanceof Failure && [403, 404, 405, 410, 501].includes(failure.status ?? 0);
      if (!refused || this.#cell.settings.ec2MetadataV1Disabled) throw failure;
    }
    this.#authorized = true;
  }

  #request(step: Step, previousAttempts: number): void {
    const { fault, settings } = this.#cell;
    for (let attempt = 0; ; attempt++) {
      const wasKept = this.#connection === "kept";
      if (this.#isAnswered(step)) return;
      if (fault.class.is === "reset" && wasKept && this.#isAnswered(step)) return;
      if (isRetried(fault, step) && attempt < settings.maxRetries) continue;
      const { code, status } = failureOf(fault, step);
      throw new Failure(code, status, previousAttempts + attempt + 1);
    }
  }

  /** Sends one request; false if it gets the fault. */
  #isAnswered(step: Step): boolean {
    const { fault, moment } = this.#cell;
    this.trace.push(step);
    const isFaulty = step === this.#cell.step && !(moment === "once" && this.#met.has(step));
    this.#met.add(step);
    const isGood = !isFaulty || isGoodAnswer(fault.class, step);
    this.#connection = isGood || fault.class.is === "empty" || fault.class.is === "words" ? "kept" : "new";
    return isGood;
  }
}

/** Section 5, "Retry": what is not named there is final. */
function isRetried({ class: fault }: Fault, step: Step): boolean {
  switch (fault.is) {
    case "status":
      return fault.status === 429 || (fault.status >= 500 && fault.status !== 501);
    case "reset":
    case "cut headers":
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
    case "cut headers":
      return new Failure("IMDS_UNREACHABLE", undefined);
    case "silence":
      return new Failure("IMDS_TIMEOUT", undefined);
    case "empty":
      return new Failure(step === "role" ? "NO_ROLE_ATTACHED" : "INVALID_RESPONSE", 200);
    case "not http":
      return new Failure("INVALID_RESPONSE", undefined);
    case "cut short":
    case "over the cap":
    case "words":
      return new Failure("INVALID_RESPONSE", 200);
  }
}

function codeOfStatus(status: number, step: Step): InstanceMetadataErrorCode {
  if (status === 403) return "IMDS_FORBIDDEN";
  if (status === 429 || status === 503) return "THROTTLED";
  if (step === "token") {
    if (status === 400) return "TOKEN_REJECTED";
    return [404, 405, 410, 501].includes(status) ? "TOKEN_UNSUPPORTED" : "SERVER_ERROR";
  }
  if (status === 401) return "UNAUTHORIZED";
  if (status === 404) return step === "metadata" ? "NOT_FOUND" : "NO_ROLE_ATTACHED";
  return "SERVER_ERROR";
}
