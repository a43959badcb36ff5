// npm run bench: the table on the terminal. docs/benchmarks.md has its figures; a person writes them there and into
// figures.ts. --json: all samples as JSON instead. --quick: fewer rounds. --gate: ends with status 1 when a figure is
// missing or beyond its limit, twice what is documented for a time.

import { parseArgs } from "node:util";
import { rowsOf } from "./figures.js";
import { ImdsProcess } from "./imds-process.js";
import type { Effort } from "./measure.js";
import { measureAll } from "./measure.js";
import { enterOwnNetwork } from "./namespace.js";
import { openBenchProject } from "./project.js";
import { failuresOf, terminalTable } from "./rows.js";

const FULL: Effort = { warmRounds: 7, warmMs: 80, loadRounds: 60, startRounds: 41, repeats: 5 };
const QUICK: Effort = { warmRounds: 3, warmMs: 50, loadRounds: 15, startRounds: 5, repeats: 3 };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: "boolean" }, quick: { type: "boolean" }, gate: { type: "boolean" } },
  });
  const project = openBenchProject();
  const imds = await ImdsProcess.start(project);
  try {
    const effort = values.quick ? QUICK : FULL;
    const measured = await measureAll({ project, imds }, effort, (step) =>
      console.error(`measuring ${step}`),
    );
    const rows = rowsOf(measured);
    const starts = Object.fromEntries(measured.starts);
    const json = () => JSON.stringify({ rows, measured: { ...measured, starts } }, undefined, 2);
    console.log(values.json ? json() : terminalTable(rows));
    if (!values.gate) return;
    const failures = failuresOf(rows);
    for (const { what, measured: value, limit } of failures)
      console.error(`FAILED: ${what}: ${value}, limit ${limit}`);
    process.exitCode = failures.length === 0 ? 0 : 1;
  } finally {
    imds.stop();
    project.remove();
  }
}

if (enterOwnNetwork()) await main();
