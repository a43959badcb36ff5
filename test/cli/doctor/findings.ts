import type { Check, Finding, Verdict } from "../../../src/cli/doctor/findings.js";

export const verdicts = (findings: readonly Finding[]): Partial<Record<Check, Verdict>> =>
  Object.fromEntries(findings.map(({ check, verdict }) => [check, verdict]));

/** The first finding of a step. */
export const finding = (findings: readonly Finding[], check: Check): Finding => {
  const found = findings.find((one) => one.check === check);
  if (!found) throw new Error(`no finding on ${check}`);
  return found;
};
