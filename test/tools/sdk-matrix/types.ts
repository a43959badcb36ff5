import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { InstalledSdk } from "./versions.js";

const ROOT = resolve(import.meta.dirname, "../../..");

const CONSUMER = `
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { expiredTokenPlugin, fromInstanceRole, instanceRegion } from "ec2-role-credentials";

const credentials = fromInstanceRole();
const s3 = new S3Client({ region: instanceRegion(), credentials });
s3.middlewareStack.use(expiredTokenPlugin(credentials));
const dynamodb = new DynamoDBClient({ region: instanceRegion(), credentials });
dynamodb.middlewareStack.use(expiredTokenPlugin(credentials));
`;

const OPTIONS = {
  target: "es2022",
  module: "esnext",
  moduleResolution: "bundler",
  lib: ["es2022", "dom", "esnext.disposable"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: true,
};

/**
 * Compiles one program for all versions, with a file for each that uses the library's types.
 *
 * @param scratch an empty folder
 * @returns the errors, by version; none for those that type-check
 */
export async function typeErrors(
  sdks: readonly InstalledSdk[],
  { typescript, scratch }: { typescript: string; scratch: string },
): Promise<ReadonlyMap<string, string>> {
  const library = join(scratch, "library");
  const declare = ["--declaration", "--emitDeclarationOnly", "--noEmit", "false", "--rootDir", "src"];
  await must(join(ROOT, "node_modules"), [...declare, "--outDir", library, "-p", await sourcesOnly(scratch)]);
  await symlink(join(ROOT, "node_modules"), join(library, "node_modules"));
  const files = new Map<string, string>();
  for (const { version, folder } of sdks) {
    const consumer = join(scratch, version);
    await mkdir(consumer);
    await symlink(join(folder, "node_modules"), join(consumer, "node_modules"));
    files.set(version, join(consumer, "consumer.ts"));
    await writeFile(join(consumer, "consumer.ts"), CONSUMER);
  }
  const project = join(scratch, "consumers.json");
  const paths = { "ec2-role-credentials": [join(library, "index.d.ts")] };
  const compilerOptions = { ...OPTIONS, paths };
  await writeFile(project, JSON.stringify({ compilerOptions, files: [...files.values()] }));
  const { output } = await tsc(join(typescript, "node_modules"), ["-p", project]);
  const lines = output.split("\n");
  const errors = new Map<string, string>();
  for (const version of files.keys()) {
    const ofVersion = lines.filter((line) => line.includes(`${version}/consumer.ts(`));
    if (ofVersion.length > 0) errors.set(version, ofVersion.join("\n"));
  }
  if (errors.size === 0 && output.includes("error TS")) throw new Error(output);
  return errors;
}

async function sourcesOnly(scratch: string): Promise<string> {
  const project = join(scratch, "library.json");
  const files = [join(ROOT, "src/index.ts")];
  const types = [join(ROOT, "node_modules/@types/node")];
  await writeFile(
    project,
    JSON.stringify({ extends: join(ROOT, "tsconfig.json"), files, include: [], compilerOptions: { types } }),
  );
  return project;
}

async function must(modules: string, args: readonly string[]): Promise<void> {
  const { failed, output } = await tsc(modules, args);
  if (failed) throw new Error(`tsc ${args.join(" ")} failed\n${output}`);
}

function tsc(modules: string, args: readonly string[]): Promise<{ failed: boolean; output: string }> {
  const command = [join(modules, "typescript/bin/tsc"), "--pretty", "false", ...args];
  return new Promise((done) => {
    execFile(process.execPath, command, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 }, (error, output) =>
      done({ failed: error !== null, output }),
    );
  });
}
