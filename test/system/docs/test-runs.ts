import { chmod, mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../support/child-process.js";
import { consumerProject, MANIFEST } from "../../support/packed-package.js";

/** As on a user's machine without settings. The network guard stays. */
export const NOTHING_SET: Readonly<Record<string, string>> = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "" };

/** How a test ended, by its title. */
export type Outcomes = ReadonlyMap<string, string>;

/** What vitest and Jest report alike. */
interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** A user's project with these packages installed and these snippets copied into it. */
export async function projectWith(
  installed: readonly string[],
  files: readonly { readonly fileName: string; readonly text: string }[],
): Promise<string> {
  const project = await consumerProject(installed);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "service", private: true }));
  for (const { fileName, text } of files) await writeFile(join(project, fileName), text);
  return project;
}

/** Links the package's commands as npm does on installation, so that `npx` can run them. */
export async function linkCommand(project: string): Promise<void> {
  const commands = join(project, "node_modules/.bin");
  const manifest = await readFile(join(project, "node_modules", MANIFEST.name, "package.json"), "utf8");
  const { bin }: { bin: Readonly<Record<string, string>> } = JSON.parse(manifest);
  await mkdir(commands);
  for (const [command, file] of Object.entries(bin)) {
    await symlink(join("..", MANIFEST.name, file), join(commands, command));
    await chmod(join(commands, command), 0o755);
  }
}

/** Runs a test runner that writes its report to `report.json`. */
export async function outcomesOf(project: string, args: readonly string[]): Promise<Outcomes> {
  const { stdout, stderr } = await run(process.execPath, args, {
    cwd: await realpath(project),
    env: NOTHING_SET,
  });
  const file = await readFile(join(project, "report.json"), "utf8").catch(() => undefined);
  if (file === undefined) throw new Error(`no report was written\n${stderr}\n${stdout}`);
  // With --detectOpenHandles, Jest prints here what keeps its process alive after the tests.
  if (/open handles?/i.test(stderr)) throw new Error(`a handle was left open\n${stderr}`);
  const { testResults }: Report = JSON.parse(file);
  return new Map(
    testResults.flatMap(({ message, assertionResults }) => {
      // A file that cannot be loaded has no tests at all.
      if (assertionResults.length === 0) throw new Error(message);
      return assertionResults.map(({ title, status, failureMessages }): [string, string] => [
        title,
        [status, ...failureMessages].join("\n"),
      ]);
    }),
  );
}

/** On a busy machine a test may take longer than the runners' default of five seconds. */
const TEST_TIMEOUT = "--testTimeout=60000";

export const VITEST: readonly string[] = [
  "node_modules/vitest/vitest.mjs",
  "run",
  TEST_TIMEOUT,
  "--reporter=json",
  "--outputFile=report.json",
];

export const JEST: readonly string[] = [
  "node_modules/jest/bin/jest.js",
  TEST_TIMEOUT,
  "--json",
  "--detectOpenHandles",
  "--outputFile=report.json",
  "--cacheDirectory=jest-cache",
];
