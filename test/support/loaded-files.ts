import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChildOptions, ChildRun } from "./child-process.js";
import { runProgram } from "./programs.js";

/**
 * Runs a program and gives, besides its output, every file that was loaded as a module, ESM and CommonJS alike:
 * V8 names each script in its coverage report.
 */
export async function runAndTrace(
  project: string,
  extension: "mjs" | "cjs",
  source: string,
  options: ChildOptions = {},
): Promise<ChildRun & { readonly files: readonly string[] }> {
  const reports = await mkdtemp(join(project, "coverage-"));
  const env = { ...options.env, NODE_V8_COVERAGE: reports };
  const child = await runProgram(project, extension, source, { ...options, env });
  const files = new Set<string>();
  for (const report of await readdir(reports)) {
    const { result }: { result: { url: string }[] } = JSON.parse(
      await readFile(join(reports, report), "utf8"),
    );
    for (const { url } of result) if (url.startsWith("file:")) files.add(fileURLToPath(url));
  }
  return { ...child, files: [...files] };
}
