import { VERSION } from "../../runtime/version.js";
import type { Finding, Verdict } from "./findings.js";

export type Health = "healthy" | "broken";

/** ASCII alone: `JSON.stringify` escapes only a part of what a terminal obeys. */
export const asJson = (findings: readonly Finding[], verdict: Health): string =>
  `${JSON.stringify({ version: VERSION, verdict, findings }, undefined, 2).replace(
    /[^\n\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )}\n`;

const COLOURS: Readonly<Record<Verdict, number>> = { ok: 32, note: 36, warning: 33, broken: 31, skipped: 90 };
/** A terminal with fewer columns has the text below its label, so that commands and names stay whole. */
const WIDE = 80;

export function asText(findings: readonly Finding[], verdict: Health): string {
  const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
  const columns = Math.min(process.stdout.columns || 100, 120);
  const lines = findings.map(({ check, verdict, says, cure }) => {
    const padded = verdict.padEnd(9);
    const label = coloured ? `\x1b[${COLOURS[verdict]}m${padded}\x1b[0m` : padded;
    const texts = (cure === undefined ? [says] : [says, `Cure: ${cure}`]).map(printable);
    const block = (indent: string) =>
      texts.flatMap((text) => wrap(text, columns - indent.length)).join(`\n${indent}`);
    return columns < WIDE
      ? `${label} ${check}\n  ${block("  ")}\n`
      : `${label} ${check.padEnd(18)}${block(" ".repeat(28))}\n`;
  });
  return `${lines.join("")}\n${wrap(summary(findings, verdict), columns).join("\n")}\n`;
}

function summary(findings: readonly Finding[], verdict: Health): string {
  const count = (wanted: Verdict) => findings.filter((finding) => finding.verdict === wanted).length;
  if (verdict === "broken") return `${count("broken")} broken: see above.`;
  const warnings = count("warning");
  if (warnings === 0) return "All is well: with these settings, this machine gets the role's credentials.";
  const counted = warnings === 1 ? "1 warning" : `${warnings} warnings`;
  return `It works: with these settings, this machine gets the role's credentials; ${counted} above.`;
}

/** Texts come from files and from the service too: nothing in them may steer a terminal. */
const printable = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
