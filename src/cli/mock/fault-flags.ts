import { MODES, STEPS } from "../../testing/service/checks.js";
import type { MockFault, MockStep, MockThrottle } from "../../testing/types.js";
import { durationMs } from "./duration.js";
import { UsageError } from "./usage.js";

const MAX_DELAY_MS = 2 ** 31 - 1;

const isStep = (text: string | undefined): text is MockStep => STEPS.some((step) => step === text);

/** `STEP:WHAT[:TIMES[:AFTER]]` */
export function parseFault(text: string): MockFault {
  const [on, what, times = "always", after = "0", ...rest] = text.split(":");
  if (what === undefined || rest.length > 0) {
    throw new UsageError(`--fail ${text}: must be STEP:WHAT[:TIMES[:AFTER]], such as token:503:3`);
  }
  if (on !== "any" && !isStep(on))
    throw new UsageError(`--fail ${text}: STEP must be any, ${STEPS.join(", ")}`);
  if (times !== "always" && !/^[1-9]\d{0,8}$/.test(times))
    throw new UsageError(`--fail ${text}: TIMES must be a whole number from 1 on, or always`);
  if (!/^\d{1,9}$/.test(after)) throw new UsageError(`--fail ${text}: AFTER must be a whole number`);
  return {
    on,
    ...parseWhat(text, what),
    times: times === "always" ? Infinity : Number(times),
    after: Number(after),
  };
}

function parseWhat(text: string, what: string): MockFault {
  const mode = MODES.find((one) => one === what);
  if (mode) return { mode };
  if (what === "garbage") return { body: "\u0000<garbage" };
  if (/^[2-5]\d\d$/.test(what)) return { status: Number(what) };
  throw new UsageError(`--fail ${text}: WHAT must be a status from 200 to 599, garbage, ${MODES.join(", ")}`);
}

/** `[STEP:]DURATION` */
export function parseDelay(text: string): { ms: number; on: MockStep | undefined } {
  const [duration = "", on, ...rest] = text.split(":").reverse();
  const ms = durationMs(duration, "ms");
  if (rest.length > 0 || (on !== undefined && !isStep(on)) || !(ms <= MAX_DELAY_MS)) {
    throw new UsageError(`--delay ${text}: must be [STEP:]DURATION, such as token:200ms or 2s`);
  }
  return { ms, on };
}

/** `PER_SECOND:ANSWER` */
export function parseThrottle(text: string): MockThrottle {
  const [perSecond = "", answer, ...rest] = text.split(":");
  const known = ([429, 503, "silence"] as const).find((one) => String(one) === answer);
  if (known === undefined || rest.length > 0 || !/^\d{1,9}$/.test(perSecond)) {
    throw new UsageError(
      `--throttle ${text}: must be PER_SECOND:ANSWER with a whole number and 429, 503 or silence, such as 5:429`,
    );
  }
  return { perSecond: Number(perSecond), answer: known };
}
