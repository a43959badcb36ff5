import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { run } from "../../support/child-process.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const LIBRARY = "ec2-role-credentials";

/** A temporary project in which the library, as built, and the packages that it is compared with are installed. */
export interface BenchProject {
  readonly directory: string;
  /** Runs one of `programs/`, or a program written into the project, and gives what it printed, parsed. */
  run<T>(program: string, options?: RunOptions): Promise<T>;
  write(name: string, source: string): void;
  remove(): void;
}

interface RunOptions {
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  readonly endpoint?: string;
}

function linkPackages(modules: string): void {
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (name === LIBRARY || name.startsWith(".")) continue;
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
}

/** Builds the library as it is published, but for its types. */
function buildLibrary(into: string): void {
  const tsup = join(ROOT, "node_modules/tsup/dist/cli-default.js");
  const { status, stderr } = spawnSync(process.execPath, [tsup, "--silent", "--no-dts", "--outDir", into], {
    cwd: ROOT,
  });
  if (status !== 0) throw new Error(`the library cannot be built\n${stderr}`);
}

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

export function openBenchProject(): BenchProject {
  const directory = mkdtempSync(join(tmpdir(), "ec2-role-credentials-bench-"));
  const modules = join(directory, "node_modules");
  const library = join(modules, LIBRARY);
  mkdirSync(library, { recursive: true });
  linkPackages(modules);
  buildLibrary(join(library, "dist"));
  copyFileSync(join(ROOT, "package.json"), join(library, "package.json"));
  cpSync(join(import.meta.dirname, "programs"), directory, { recursive: true });
  return {
    directory,
    write: (name, source) => writeFileSync(join(directory, name), source),
    remove: () => rmSync(directory, { recursive: true, force: true }),
    async run<T>(program: string, { flags = [], args = [], endpoint }: RunOptions = {}): Promise<T> {
      if (!existsSync(join(directory, program)))
        throw new Error(`there is no program ${program} in ${dirname(directory)}`);
      const env = {
        AWS_REGION: "us-east-1",
        NODE_NO_WARNINGS: "1",
        ...(endpoint && { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint }),
      };
      const { exitCode, stdout, stderr } = await run(process.execPath, [...flags, program, ...args], {
        cwd: directory,
        env,
      });
      if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}\n${stderr}\n${stdout}`);
      return JSON.parse(lastLine(stdout)) as T;
    },
  };
}
