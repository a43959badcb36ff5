import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ChildRun } from "../../support/child-process.js";
import { run } from "../../support/child-process.js";
import { consumerProject, MANIFEST } from "../../support/packed-package.js";

const INSTALLED = [
  "typescript",
  "@types/node",
  "msw",
  "expect-type",
  "@aws-sdk/client-s3",
  "@aws-sdk/credential-providers",
];

/** What public-types.test.ts checks against the sources, as a user who installed the package would write it. */
async function typeTests(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, "public-types.test.ts"), "utf8");
  return text
    .replace('import { expectTypeOf, test } from "vitest";', 'import { expectTypeOf } from "expect-type";')
    .replaceAll("../../../src/testing/index.js", `${MANIFEST.name}/testing`)
    .replaceAll("../../../src/index.js", MANIFEST.name)
    .concat("\nfunction test(_title: string, body: () => void): void {\n  body();\n}\n");
}

const COMPILER_OPTIONS = {
  target: "es2022",
  lib: ["es2022", "esnext.disposable"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
};

async function compile(
  source: string,
  names: readonly string[],
  options: object,
  manifest: object,
): Promise<ChildRun> {
  const project = await consumerProject(INSTALLED);
  const files = names.map((name) => `src/${name}`);
  await mkdir(join(project, "src"));
  for (const file of files) await writeFile(join(project, file), source);
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
  const config = { compilerOptions: { ...COMPILER_OPTIONS, ...options }, files };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
  return run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { cwd: project });
}

const NODENEXT = { module: "nodenext", moduleResolution: "nodenext" };

test.for([
  ["an ES module and a CommonJS module by Node's rules", ["consumer.mts", "consumer.cts"], NODENEXT],
  ["a bundler's rules", ["consumer.ts"], { module: "esnext", moduleResolution: "bundler" }],
] as const)("the published types are right for %s", async ([, files, options]) => {
  const { exitCode, stdout } = await compile(await typeTests(), files, options, { type: "module" });

  expect(stdout).toBe("");
  expect(exitCode).toBe(0);
});

test("the compiler does refuse what the types forbid", async () => {
  const source = `
    import { fromInstanceRole } from "ec2-role-credentials";
    fromInstanceRole({ timeout: "1000" });
    fromInstanceRole({ roleNam: "web-server" });
    fromInstanceRole().memoised;
  `;
  const { exitCode, stdout } = await compile(source, ["consumer.mts"], NODENEXT, {});

  expect(exitCode).not.toBe(0);
  expect(stdout.match(/error TS\d+/g)).toEqual(["error TS2322", "error TS2561", "error TS2551"]);
});

test("the types stand without those of Node's test tools, msw and the SDK's clients", async () => {
  const source = `
    import { fromInstanceRole } from "ec2-role-credentials";
    export const id: Promise<string> = fromInstanceRole()().then((identity) => identity.accessKeyId);
  `;
  const project = await consumerProject(["typescript", "@types/node"]);
  await writeFile(join(project, "consumer.mts"), source);
  const config = { compilerOptions: { ...COMPILER_OPTIONS, ...NODENEXT }, files: ["consumer.mts"] };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));

  const { stdout } = await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], {
    cwd: project,
  });

  expect(stdout).toBe("");
});
