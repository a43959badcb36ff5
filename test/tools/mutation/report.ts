// npm run mutants, second half: the score of each file, and the survivors with the reason why each changes nothing
// that could be seen. Fails when a survivor has none.

import { readFileSync } from "node:fs";
import { tellFigures } from "../../support/figures.js";
import { reasonFor } from "./equivalents.js";

interface Mutant {
  readonly mutatorName: string;
  readonly replacement: string;
  readonly status:
    | "Killed"
    | "Timeout"
    | "Survived"
    | "NoCoverage"
    | "Ignored"
    | "CompileError"
    | "RuntimeError";
  readonly location: Readonly<Record<"start" | "end", { readonly line: number; readonly column: number }>>;
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

const { files } = JSON.parse(readFileSync("node_modules/.cache/mutants.json", "utf8")) as Report;

/** What a mutant took away. */
function original(source: string, { location: { start, end } }: Mutant): string {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const [first = ""] = lines;
  if (lines.length === 1) return first.slice(start.column - 1, end.column - 1);
  return [first.slice(start.column - 1), ...lines.slice(1)].join("\n");
}

const shown = (code: string): string =>
  `\`${code.replace(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 70)}\``;

const scores: string[][] = [];
const survivors: string[][] = [];
let unexplained = 0;
for (const [file, { source, mutants }] of Object.entries(files)) {
  const count = (...statuses: readonly Mutant["status"][]) =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  const killed = count("Killed", "Timeout");
  const left = mutants.filter(({ status }) => status === "Survived" || status === "NoCoverage");
  const score = (100 * killed) / (killed + left.length);
  scores.push([`\`${file}\``, String(killed + left.length), String(killed), `${score.toFixed(1)} %`]);
  for (const mutant of left) {
    const from = original(source, mutant);
    const reason = reasonFor(file, from, mutant.replacement);
    if (reason === undefined) unexplained++;
    const where = `\`${file.replace("src/", "")}\``;
    survivors.push([where, shown(from), shown(mutant.replacement), reason ?? "**not looked at**"]);
  }
}

tellFigures("mutants", ["file", "mutants", "killed", "score"], scores);
tellFigures("mutants-survivors", ["in", "of this", "became this", "nobody can tell, because"], survivors);
if (unexplained > 0) {
  console.error(
    `${unexplained} survivors without a reason: kill each by a test, or say in equivalents.ts why nobody can`,
  );
  process.exitCode = 1;
}
