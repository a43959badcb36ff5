// npm run reliability: runs every part of test/tools/reliability/parts.ts and writes docs/reliability.md from what they
// printed. `npm run reliability -- fuzz soak` runs only these; what the page says of the others stays.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FIGURES_FOLDER } from "../../support/figures.js";
import { PARTS, type Part } from "./parts.js";

const PAGE = resolve(import.meta.dirname, "../../../docs/reliability.md");

const HEAD = `# Reliability

This page is written by \`npm run reliability\`, from what each part's own command printed when it last ran (Node
${process.version}, ${availableParallelism()} cores, ${process.platform}). \`.ci/run\` runs all of them but the mutation tests for every change: fuzzing
with 5,000 cases, the soak for one minute.
`;

interface TestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
    }[];
  }[];
}

/** What was tried, by the tests' own names: a line for each group. */
function namesIn(file: string): string {
  const { testResults } = JSON.parse(readFileSync(file, "utf8")) as TestReport;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const names = tests.map(({ ancestorTitles, title }) => [...ancestorTitles, title].join(": "));
  return `${tests.length} tests passed:\n\n${names
    .sort()
    .map((name) => `- ${name}`)
    .join("\n")}\n`;
}

/** Runs a part and gives its section. */
function sectionOf({ title, command, about, tables, names, below }: Part): string {
  const folder = mkdtempSync(join(tmpdir(), "ec2-role-credentials-reliability-"));
  try {
    const report = join(folder, "tests.json");
    const [program = "", ...words] = command.split(" ");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const args = names ? [...words, ...(program === "npm" ? ["--"] : []), ...reporters] : words;
    const { status } = spawnSync(program, args, {
      stdio: "inherit",
      env: { ...process.env, [FIGURES_FOLDER]: folder },
    });
    if (status !== 0) throw new Error(`${command} ended with status ${status}: the page stays as it is`);
    const shown = tables.map(({ file, above }) =>
      [above, readFileSync(join(folder, `${file}.md`), "utf8")].filter(Boolean).join("\n\n"),
    );
    const told = names ? [...shown, namesIn(report)] : shown;
    return [
      `## ${title}\n`,
      `${about}\n`,
      `\`${command}\`:\n`,
      ...told,
      ...(below ? [`${below}\n`] : []),
    ].join("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The page's sections by their titles, as they were written last. */
function sectionsBefore(): Map<string, string> {
  const text = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  return new Map(text.split(/^(?=## )/m).map((section) => [/^## (.*)/.exec(section)?.[1] ?? "", section]));
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0)
  throw new Error(`no part ${unknown.join(", ")}; there are ${PARTS.map(({ name }) => name).join(", ")}`);

for (const part of PARTS) {
  if (wanted.length > 0 && !wanted.includes(part.name)) continue;
  const section = sectionOf(part);
  const sections = sectionsBefore().set(part.title, section);
  const page = PARTS.flatMap(({ title }) => sections.get(title)?.trimEnd() ?? []);
  writeFileSync(PAGE, `${[HEAD.trimEnd(), ...page].join("\n\n")}\n`);
}
