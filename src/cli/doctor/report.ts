import { VERSION } from "../../runtime/version.js";
import type { Finding, Status } from "./findings.js";
import { wrap } from "./wrap.js";

/** The status of the whole: `fail` if one check failed. */
export type Outcome = "ok" | "fail";

export const outcomeOf = (findings: readonly Finding[]): Outcome =>
  findings.some(({ status }) => status === "fail") ? "fail" : "ok";

/** ASCII alone: `JSON.stringify` escapes only a part of what a terminal obeys. */
export function asJson(findings: readonly Finding[]): string {
  const doThisFirst = firstFix(findings);
  const report = {
    version: VERSION,
    status: outcomeOf(findings),
    findings,
    ...(doThisFirst !== undefined && { doThisFirst }),
  };
  const asAscii = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${JSON.stringify(report, undefined, 2).replace(/[^\n\x20-\x7e]/g, asAscii)}\n`;
}

const COLOURS: Readonly<Record<Status, number>> = { ok: 32, note: 36, warning: 33, fail: 31, skipped: 90 };
/** A terminal with fewer columns has the text below its label, so that commands and names stay whole. */
const WIDE = 80;

export function asText(findings: readonly Finding[]): string {
  const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
  const columns = Math.min(process.stdout.columns || 100, 120);
  const lines = linesOf(findings).map(({ check, status, message, fix }) => {
    const padded = status.padEnd(9);
    const label = coloured ? `\x1b[${COLOURS[status]}m${padded}\x1b[0m` : padded;
    const texts = fix === undefined ? [message] : [message, `Fix: ${fix}`];
    const block = (indent: string) =>
      texts.flatMap((text) => layOut(text, columns - indent.length)).join(`\n${indent}`);
    return columns < WIDE
      ? `${label} ${check}\n  ${block("  ")}\n`
      : `${label} ${check.padEnd(18)}${block(" ".repeat(28))}\n`;
  });
  const end = [
    summary(findings),
    ...(firstFix(findings) === undefined ? [] : [`Do this first: ${firstFix(findings)}`]),
  ];
  return `${lines.join("")}\n${end.flatMap((text) => layOut(text, columns)).join("\n")}\n`;
}

interface Line extends Omit<Finding, "check"> {
  readonly check: string;
}

/** Skipped checks are one line. */
function linesOf(findings: readonly Finding[]): readonly Line[] {
  const lines: Line[] = [];
  const skipped = findings.filter(({ status }) => status === "skipped");
  for (const finding of findings) {
    if (finding.status !== "skipped") lines.push(finding);
    else if (skipped.length < 2) lines.push(finding);
    else if (finding === skipped[0]) {
      const names = skipped.map(({ check }) => check).join(", ");
      lines.push({
        ...finding,
        check: `${skipped.length} checks`,
        message: `${finding.message.slice(0, -1)}: ${names}.`,
      });
    }
  }
  return lines;
}

/** Failures come before warnings, and a check before those that depend on it. */
const firstFix = (findings: readonly Finding[]): string | undefined =>
  (findings.find(({ status }) => status === "fail") ?? findings.find(({ status }) => status === "warning"))
    ?.fix;

function summary(findings: readonly Finding[]): string {
  const counted = (wanted: Status, noun: string) => {
    const count = findings.filter(({ status }) => status === wanted).length;
    return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
  };
  if (outcomeOf(findings) === "fail")
    return `This machine cannot get the instance role's credentials: ${counted("fail", "check")} failed.`;
  const works = "This machine gets the instance role's credentials";
  return findings.some(({ status }) => status === "warning")
    ? `${works}, with ${counted("warning", "warning")}.`
    : `${works}.`;
}

/** Commands stay whole, so that they can be copied. */
const layOut = (text: string, width: number): string[] =>
  text
    .split("\n")
    .flatMap((line) => (line.startsWith("aws ") ? [printable(line)] : wrap(printable(line), width)));

/** Texts come from files and from the service too: nothing in them may control a terminal. */
const printable = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
