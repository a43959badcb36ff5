import { subscribe, unsubscribe } from "node:diagnostics_channel";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { InstanceRoleProvider, RefreshEvent } from "../../src/index.js";
import { REFRESH_CHANNEL } from "../../src/index.js";
import { ALMOST_ONE, call, HOUR, MINUTE, refreshScene, SECOND, told } from "../support/refresh-setup.js";
import { advance, setClockBack, settle, stubRandom, suspend } from "../support/simulated-time.js";
import type { Answer, Time } from "./cache-model.js";
import { CacheModel } from "./cache-model.js";

const { imds, provider: newProvider, serve } = refreshScene();

/** `.ci/run` asks for 1,500 with `MODEL_RUNS`. */
const RUNS = Number(process.env.MODEL_RUNS ?? 400);

type Step =
  | { do: "call" | "force" | "invalidate" | "invalidate another" | "invalidate in flight" }
  | { do: "pass" | "sleep" | "set back"; ms: number }
  | { do: "serve"; lifetime: number }
  | { do: "answer"; with: "sets" | "IMDS_FORBIDDEN" | "NO_ROLE_ATTACHED" | "ROLE_NOT_ASSUMABLE" };

const now = (): Time => ({ wall: Date.now(), monotonic: performance.now() });

/** A provider, the model of it, and the IMDS that both look at. */
class Run {
  readonly provider: InstanceRoleProvider;
  readonly model: CacheModel;
  #set = { key: "", expiresAt: 0 };
  #trouble: Exclude<Answer, object> | undefined;
  #keys = 0;
  #unexpected: string[] = [];
  /** Of the look that ends next: why it was started, and what it was answered; the timer's are worked out. */
  #expected: { kind: string; answer: Answer } | undefined;
  #looks = 0;

  constructor(random: number, interest: "open" | "closed") {
    stubRandom(random);
    imds.reset();
    this.model = new CacheModel(random);
    this.provider = newProvider({ maxRetries: 0 });
    if (interest === "closed") this.provider.close();
    this.serve(6 * HOUR);
    subscribe(REFRESH_CHANNEL, this.#onLook);
  }

  /** A run that went wrong leaves looks in flight, which must not be taken for those of the next. */
  async end(): Promise<void> {
    unsubscribe(REFRESH_CHANNEL, this.#onLook);
    this.provider.close();
    await advance(10 * SECOND);
  }

  async take(step: Step, interest: "open" | "closed"): Promise<void> {
    this.model.settle(now());
    switch (step.do) {
      case "call":
        await this.#call();
        break;
      case "force":
        await this.#force();
        break;
      case "invalidate":
        this.#invalidate();
        break;
      case "invalidate another":
        this.provider.invalidate("SOMEBODY-ELSES");
        break;
      case "invalidate in flight":
        await this.#invalidateInFlight();
        break;
      case "pass": {
        const looks = this.#looks;
        await advance(step.ms);
        if (interest === "closed") expect(this.#looks).toBe(looks);
        break;
      }
      case "sleep":
        suspend(step.ms);
        break;
      case "set back":
        setClockBack(step.ms);
        break;
      case "serve":
        this.serve(step.lifetime);
        break;
      case "answer":
        this.#answerWith(step.with);
    }
    expect(this.#unexpected).toEqual([]);
  }

  checkStatus(): void {
    this.model.settle(now());
    const { expiration, stale } = this.provider.status();
    expect(expiration?.getTime()).toBe(this.model.held?.expiresAt);
    expect(stale).toBe(this.model.state(now()) === "expired");
  }

  serve(lifetime: number): void {
    const key = `KEY-${this.#keys++}`;
    // A document has whole seconds.
    this.#set = { key, expiresAt: Math.floor((Date.now() + lifetime) / SECOND) * SECOND };
    if (this.#trouble === undefined || this.#trouble === "IMDS_FORBIDDEN") serve(key, lifetime);
  }

  #answerWith(answer: "sets" | Exclude<Answer, object>): void {
    imds.enable();
    imds.attachRole("mock-role");
    this.#trouble = undefined;
    this.serve(this.#set.expiresAt - Date.now());
    if (answer === "sets") return;
    this.#trouble = answer;
    if (answer === "IMDS_FORBIDDEN") imds.disable();
    else if (answer === "NO_ROLE_ATTACHED") imds.detachRole();
    else imds.denyAssumeRole();
  }

  get #answer(): Answer {
    return this.#trouble ?? { ...this.#set };
  }

  readonly #onLook = (message: unknown): void => {
    const { kind, outcome } = message as RefreshEvent;
    this.#looks++;
    const due = this.model.due(now());
    const expected = this.#expected ?? { kind: due.kind, answer: this.#answer };
    if (!this.#expected && due.now === "no") this.#unexpected.push(`${kind} look, though none is due`);
    if (kind !== expected.kind) this.#unexpected.push(`${kind} look instead of ${expected.kind}`);
    const should = this.model.look(expected.answer, now());
    if (outcome !== should) this.#unexpected.push(`${kind} look: ${outcome} instead of ${should}`);
    this.#expected = undefined;
  };

  get #atHand(): string {
    return this.model.held?.key ?? this.model.errorAtHand;
  }

  async #call(): Promise<void> {
    const { due, waits, before, looks } = {
      due: this.model.due(now()),
      waits: this.model.waits(now()),
      before: this.#atHand,
      looks: this.#looks,
    };
    this.model.served(now());
    const made = call(this.provider);
    await settle();
    const looked = this.#looks > looks ? "yes" : "no";
    if (due.now !== "either") expect(looked, "whether the call started a look").toBe(due.now);
    if (looked === "no" || waits === "no") expect(told(made)).toBe(before);
    else if (waits === "yes") expect(told(made)).toBe(this.#atHand);
    else expect([before, this.#atHand]).toContain(told(made));
  }

  async #force(): Promise<void> {
    this.#expected = { kind: "forced", answer: this.#answer };
    const made = call(this.provider, { forceRefresh: true });
    await settle();
    expect(this.#expected, "the look that was asked for").toBeUndefined();
    expect(told(made)).toBe(this.#atHand);
  }

  #invalidate(): void {
    const key = this.model.held?.key ?? "NONE";
    this.provider.invalidate(key);
    this.model.invalidate(key, now());
  }

  /** A look that takes half a second, and an invalidation and another call while it lasts. */
  async #invalidateInFlight(): Promise<void> {
    imds.delay(500, "credentials");
    imds.delay(500, "token");
    imds.delay(500, "role");
    this.#expected = { kind: "forced", answer: this.#answer };
    const forced = call(this.provider, { forceRefresh: true });
    await advance(100);
    this.#invalidate();
    const waits = this.model.waits(now());
    const plain = call(this.provider);
    await settle();
    expect(told(forced)).toBe("waiting");
    if (waits !== "either") expect(told(plain) === "waiting" ? "yes" : "no").toBe(waits);
    for (let waited = 0; this.#expected && waited < 5 * SECOND; waited += 100) await advance(100);
    expect(this.#expected, "the look that was asked for").toBeUndefined();
    imds.delay(0);
    expect(told(forced)).toBe(this.#atHand);
    if (waits === "yes") expect(told(plain)).toBe(this.#atHand);
  }
}

const short = fc.oneof(
  fc.constantFrom(SECOND, 5 * SECOND, MINUTE, 75 * SECOND, 5 * MINUTE, 15 * MINUTE),
  fc.integer({ min: 1, max: 90 * SECOND }),
  fc.integer({ min: 1, max: 20 * MINUTE }),
);

/** Hours of a sleep cost nothing; hours awake in an outage cost hundreds of looks. */
const long = fc.oneof(
  short,
  fc.constantFrom(HOUR, 5 * HOUR, 6 * HOUR),
  fc.integer({ min: 1, max: 7 * HOUR }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("call" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "force" as const,
        "invalidate" as const,
        "invalidate another" as const,
        "invalidate in flight" as const,
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.oneof(
      fc.record({ do: fc.constant("pass" as const), ms: short }),
      fc.record({ do: fc.constant("sleep" as const), ms: long }),
    ),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("set back" as const), ms: long }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("serve" as const),
      lifetime: fc.oneof(long, fc.integer({ min: -HOUR, max: 10 * MINUTE })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      with: fc.constantFrom("sets", "IMDS_FORBIDDEN", "NO_ROLE_ATTACHED", "ROLE_NOT_ASSUMABLE" as const),
    }),
  },
) as fc.Arbitrary<Step>;

it.each(["closed", "open"] as const)(
  "a provider that is %s does what the model of it allows",
  async (interest) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 0.25, 0.5, ALMOST_ONE),
        fc.array(step, { minLength: 1, maxLength: 12 }),
        async (random, steps) => {
          const run = new Run(random, interest);
          try {
            for (const [index, each] of [{ do: "call" } as const, ...steps].entries()) {
              await run.take(each, interest);
              // To ask for the status is to notice what time has done; forceRefresh must notice it by itself.
              if (steps[index]?.do !== "force") run.checkStatus();
            }
          } finally {
            await run.end();
          }
        },
      ),
      { numRuns: Math.ceil(RUNS / 2) },
    );
  },
  120_000,
);
