import { expect, test } from "vitest";
import { markdownTable } from "../../support/markdown.js";
import { AIMED_AT, fuzzAnswers, fuzzSettings, type Tally } from "./properties.js";

/** `.ci/run` and `npm run fuzz` ask for more; a seed from a failure replays it. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 1000);
const SEED = process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED);

const report = (name: string, tally: Tally): void => {
  const lines = [...tally].sort().map(([outcome, cases]) => [outcome, String(cases)]);
  console.info(markdownTable([`strange ${name} ended in`, "cases"], lines));
};

test.each([
  ["answers", fuzzAnswers, RUNS],
  ["settings", fuzzSettings, Math.ceil(RUNS / 5)],
] as const)(
  "strange %s end in a typed error or in valid credentials, and no secret is shown",
  {
    timeout: 3_600_000,
  },
  async (name, fuzz, runs) => {
    const tally: Tally = new Map();
    await fuzz(runs, SEED, tally);
    report(name, tally);
    const total = [...tally.values()].reduce((sum, cases) => sum + cases, 0);
    expect(total).toBeGreaterThanOrEqual(runs);
    for (const outcome of AIMED_AT[name]) expect(tally.get(outcome), outcome).toBeGreaterThan(0);
  },
);
