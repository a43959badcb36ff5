// npm run bench: the table on the terminal, docs/benchmarks.md and docs/benchmarks.svg.
// --json: the table and all samples as JSON instead, and no file is written. --quick: fewer rounds, and no file either.
// --gate: ends with status 1 when something has become so much worse that noise cannot be the cause.

import { parseArgs } from "node:util";
import { writeDocuments } from "./document.js";
import { ImdsProcess } from "./imds-process.js";
import type { Effort } from "./measure.js";
import { measureAll } from "./measure.js";
import { enterOwnNetwork } from "./namespace.js";
import { regressions, terminalTable } from "./rows.js";
import { tableOf } from "./table.js";
import { openWorkshop } from "./workspace.js";

const FULL: Effort = { warmRounds: 7, warmMs: 80, loadRounds: 60, startRounds: 41, repeats: 5 };
const QUICK: Effort = { warmRounds: 3, warmMs: 50, loadRounds: 15, startRounds: 5, repeats: 3 };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: "boolean" }, quick: { type: "boolean" }, gate: { type: "boolean" } },
  });
  const workshop = await openWorkshop();
  const imds = await ImdsProcess.start(workshop);
  try {
    const effort = values.quick ? QUICK : FULL;
    const measured = await measureAll({ workshop, imds }, effort, (step) =>
      console.error(`measuring ${step}`),
    );
    const rows = tableOf(measured);
    const worse = values.gate ? regressions(rows) : [];
    for (const { what, measured, reach } of worse) console.error(`far off: ${what}, ${measured}, ${reach}`);
    if (worse.length > 0) process.exitCode = 1;
    if (values.json) {
      const starts = Object.fromEntries(measured.starts);
      console.log(JSON.stringify({ rows, measured: { ...measured, starts } }, undefined, 2));
      return;
    }
    console.log(terminalTable(rows));
    if (!values.quick) writeDocuments(measured, rows);
  } finally {
    imds.stop();
    workshop.remove();
  }
}

if (enterOwnNetwork()) await main();
