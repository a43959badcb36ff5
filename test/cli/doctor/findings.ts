import type { Check, Finding, Status } from "../../../src/cli/doctor/findings.js";

/** The status of each check; of the last finding where a check has several. */
export const statuses = (findings: readonly Finding[]): Partial<Record<Check, Status>> =>
  Object.fromEntries(findings.map(({ check, status }) => [check, status]));

/** The first finding of a check. */
export const finding = (findings: readonly Finding[], check: Check): Finding => {
  const found = findings.find((one) => one.check === check);
  if (!found) throw new Error(`no finding of ${check}`);
  return found;
};

export const failures = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ status }) => status === "fail");
