import fc from "fast-check";
import { expect, it } from "vitest";
import type { CacheState, RefreshSettings } from "../../src/cache/cache-state.js";
import {
  credentialsArrived,
  decideCall,
  EMPTY,
  keyRejected,
  refreshFailed,
  stageOf,
  timePassed,
} from "../../src/cache/cache-state.js";
import type { Answer, Time } from "./cache-model.js";
import { CacheModel } from "./cache-model.js";

/** 50,000 steps in all. */
const STEPS = 25;
const RUNS = Number(process.env.MODEL_RUNS ?? 2000);

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const SETTINGS: RefreshSettings = { advisoryWindowMs: undefined, maxAgeMs: HOUR, attemptMs: SECOND };

type Step =
  | { do: "call" | "force" }
  | { do: "reject"; which: "cached" | "another" }
  | { do: "pass" | "sleep" | "set back"; ms: number }
  | { do: "answer"; with: "new" | "same" | "rejected again" | "recoverable" | "non-recoverable" | "gone" }
  | { do: "lifetime"; ms: number };

/** The rules and the model of them, side by side, with one source and one pair of clocks. */
class Run {
  readonly #random: number;
  readonly #model: CacheModel;
  #state: CacheState = EMPTY;
  #now: Time = { wall: 1e12, monotonic: 0 };
  #answer: Extract<Step, { do: "answer" }>["with"] = "new";
  #lifetime = 6 * HOUR;
  #keys = 0;
  #lastRejected: string | undefined;

  constructor(random: number) {
    this.#random = random;
    this.#model = new CacheModel(random);
  }

  take(step: Step): void {
    switch (step.do) {
      case "call":
        this.#call();
        break;
      case "force":
        this.#timePassed();
        this.#refresh();
        break;
      case "reject":
        this.#reject(step.which);
        break;
      case "pass":
        this.#now = { wall: this.#now.wall + step.ms, monotonic: this.#now.monotonic + step.ms };
        break;
      case "sleep":
        this.#now = { ...this.#now, wall: this.#now.wall + step.ms };
        break;
      case "set back":
        this.#now = { ...this.#now, wall: this.#now.wall - step.ms };
        break;
      case "answer":
        this.#answer = step.with;
        break;
      case "lifetime":
        this.#lifetime = step.ms;
    }
    this.#timePassed();
    this.#compare();
  }

  #timePassed(): void {
    this.#state = timePassed(this.#state, this.#now);
    this.#model.timePassed(this.#now);
  }

  #call(): void {
    const decision = decideCall(this.#state, undefined, SETTINGS, this.#now);
    const due = this.#model.due(this.#now);
    expect(decision.start).toBe(due);
    if (decision.serve === "error") expect(decision.error).toBe(this.#model.raised(this.#now));
    else
      expect(decision.serve === "refreshed" ? decision.waitMs : 0).toBe(
        due ? this.#model.wait(this.#now) : 0,
      );
    if (due) this.#refresh();
  }

  #refresh(): void {
    const answer = this.#respond();
    const should = this.#model.refreshed(answer, this.#now);
    const random = () => this.#random;
    if ("error" in answer) {
      const { error } = answer;
      const failure = { error, isNonRecoverable: error !== "recoverable", isGone: error === "gone" };
      this.#state = refreshFailed(this.#state, failure, this.#now, random);
      return;
    }
    const { key, expiresAt } = answer;
    const credentials = { accessKeyId: key, secretAccessKey: "-", sessionToken: "-", expiresAt };
    const arrival = credentialsArrived(this.#state, credentials, SETTINGS, this.#now, random);
    expect(arrival.outcome).toBe(should);
    expect(arrival.again).toBe(false);
    this.#state = arrival.state;
  }

  #respond(): Answer {
    const expiresAt = this.#now.wall + this.#lifetime;
    switch (this.#answer) {
      case "new":
        return { key: `K${this.#keys++}`, expiresAt };
      case "same":
        return this.#model.entry ?? { key: `K${this.#keys++}`, expiresAt };
      case "rejected again":
        return { key: this.#lastRejected ?? `K${this.#keys++}`, expiresAt };
      default:
        return { error: this.#answer };
    }
  }

  #reject(which: "cached" | "another"): void {
    const key = which === "cached" ? this.#model.entry?.key : "another";
    if (key === undefined) return;
    if (which === "cached") this.#lastRejected = key;
    this.#state = keyRejected(this.#state, key, false, this.#now);
    this.#model.reject(key, this.#now);
  }

  #compare(): void {
    expect(stageOf(this.#state, this.#now)).toBe(this.#model.stage(this.#now));
    const cached = this.#state.kind === "cached" ? this.#state.credentials : undefined;
    expect([cached?.accessKeyId, cached?.expiresAt]).toEqual([
      this.#model.entry?.key,
      this.#model.entry?.expiresAt,
    ]);
  }
}

const duration = fc.oneof(
  fc.constantFrom(
    1,
    SECOND,
    5 * SECOND,
    MINUTE,
    75 * SECOND,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    5 * HOUR,
    6 * HOUR,
  ),
  fc.integer({ min: 1, max: 90 * SECOND }),
  fc.integer({ min: 1, max: 7 * HOUR }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("call" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("force" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("reject" as const),
      which: fc.constantFrom("cached" as const, "another" as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom("pass" as const, "sleep" as const), ms: duration }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("set back" as const), ms: duration }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      with: fc.constantFrom(
        "new",
        "same",
        "rejected again",
        "recoverable",
        "non-recoverable",
        "gone" as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("lifetime" as const),
      ms: fc.oneof(duration, fc.integer({ min: -HOUR, max: 10 * MINUTE })),
    }),
  },
) as fc.Arbitrary<Step>;

it("in sequences of any events, the rules do what the model says", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 0.25, 0.5, 1 - 2 ** -53),
      fc.array(step, { minLength: STEPS, maxLength: STEPS }),
      (random, steps) => {
        const run = new Run(random);
        run.take({ do: "call" });
        for (const each of steps) run.take(each);
      },
    ),
    { numRuns: RUNS },
  );
}, 120_000);
