import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { consumerProject, MANIFEST } from "../../support/packed-package.js";

/** The packages that the program imports besides this one. */
const NEEDS: readonly string[] = ["@aws-sdk/client-s3"];

const SOURCE = readFileSync(join(import.meta.dirname, "programs/handler.mjs"), "utf8");

/** The program that uses the library in each way, in either module format. */
export const HANDLER: Readonly<Record<"mjs" | "cjs", string>> = {
  mjs: SOURCE,
  cjs: ts.transpileModule(SOURCE, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  }).outputText,
};

/** A program that calls the handler in `file`, beside it, as Lambda does, and prints what it returns. */
export const CALLER: Readonly<Record<"mjs" | "cjs", (file: string) => string>> = {
  mjs: (file) =>
    `import { handler } from ${JSON.stringify(`./${file}`)};\nconsole.log(JSON.stringify(await handler()));\n`,
  cjs: (file) =>
    `const { handler } = require(${JSON.stringify(`./${file}`)});\nhandler().then((report) => console.log(JSON.stringify(report)));\n`,
};

/**
 * A project with the handler in `handler.mjs` or `handler.cjs` and the program that calls it in `main.…`.
 *
 * @returns the project's directory
 */
export async function handlerProject(format: "mjs" | "cjs"): Promise<string> {
  const project = await consumerProject(NEEDS);
  const dependencies = Object.fromEntries([MANIFEST.name, ...NEEDS].map((name) => [name, "*"]));
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, dependencies }));
  await writeFile(join(project, `handler.${format}`), HANDLER[format]);
  await writeFile(join(project, `main.${format}`), CALLER[format](`handler.${format}`));
  return project;
}
