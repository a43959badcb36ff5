// npm run bench: the table on the terminal, docs/benchmarks.md and docs/benchmarks.svg.
// With --json the table and all samples as JSON instead, and no file is written. With --quick fewer rounds.

import { parseArgs } from "node:util";
import { writeDocuments } from "./document.js";
import { ImdsProcess } from "./imds-process.js";
import type { Effort } from "./measure.js";
import { measureAll } from "./measure.js";
import { enterOwnNetwork } from "./namespace.js";
import { terminalTable } from "./rows.js";
import { tableOf } from "./table.js";
import { openWorkshop } from "./workshop.js";

const FULL: Effort = { warmRounds: 15, warmMs: 100, loadRounds: 60, startRounds: 21, repeats: 5 };
const QUICK: Effort = { warmRounds: 5, warmMs: 50, loadRounds: 15, startRounds: 5, repeats: 3 };

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: "boolean" }, quick: { type: "boolean" } } });
  const workshop = await openWorkshop();
  const imds = await ImdsProcess.start(workshop);
  try {
    const effort = values.quick ? QUICK : FULL;
    const measured = await measureAll({ workshop, imds }, effort, (step) =>
      console.error(`measuring ${step}`),
    );
    const rows = tableOf(measured);
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
