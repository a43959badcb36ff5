import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable } from "./markdown.js";

/** Where `npm run reliability` collects what the parts that it runs have to say. */
export const FIGURES_FOLDER = "FIGURES_FOLDER";

/** Prints a part's figures, and hands them to `npm run reliability` when it is that which runs the part. */
export function tellFigures(
  part: string,
  head: readonly string[],
  lines: readonly (readonly string[])[],
): void {
  const table = markdownTable(head, lines);
  console.info(`${table}\n`);
  const folder = process.env[FIGURES_FOLDER];
  if (folder !== undefined) writeFileSync(join(folder, `${part}.md`), `${table}\n`);
}
