import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** Kept from run to run, outside the repository. */
const HOME = process.env.SDK_MATRIX_CACHE ?? join(tmpdir(), "ec2-role-credentials-sdks");
const ROOT = resolve(import.meta.dirname, "../../..");
/** npm waits for the registry and for the disk in turn, so more than there are cores. */
const INSTALLATIONS_AT_ONCE = 4;

/**
 * The versions of client-s3, with those of the other two packages where they were released under another number.
 * Edges: 3.476 DynamoDB's move to the signer of today, 3.624 S3's; 3.667 `forceRefresh` is dropped, 3.774 handed on
 * again; 3.723 the types; 3.775 `memoized`.
 */
const VERSIONS: readonly Version[] = [
  // The package of providers is newer than the clients.
  { s3: "3.0.0", dynamodb: "3.0.0", providers: undefined },
  { s3: "3.54.0" },
  { s3: "3.180.0" },
  { s3: "3.300.0" },
  { s3: "3.476.0" },
  { s3: "3.623.0" },
  { s3: "3.624.0" },
  { s3: "3.666.0" },
  { s3: "3.667.0" },
  { s3: "3.722.0", dynamodb: "3.721.0", providers: "3.721.0" },
  { s3: "3.723.0" },
  { s3: "3.772.0" },
  { s3: "3.774.0" },
  { s3: "3.775.0" },
];

interface Version {
  readonly s3: string;
  readonly dynamodb?: string;
  readonly providers?: string | undefined;
}

/** One version of the SDK, installed. */
export interface InstalledSdk {
  readonly version: string;
  /** The folder whose `node_modules` has it. */
  readonly folder: string;
}

/** What the matrix runs on. */
export interface Installed {
  /** In ascending order; the newest is the one that this repository has. */
  readonly sdks: readonly InstalledSdk[];
  /** The folder of the newest clients of other services. */
  readonly clients: string;
  /** Folders of early clients of Step Functions. */
  readonly earlySfn: readonly string[];
  readonly typescript: string;
}

/** Installs what is not there yet. */
export async function installAll(clients: readonly string[]): Promise<Installed> {
  await mkdir(HOME, { recursive: true });
  const folders = await withLimit([
    () => install("other-clients", clients),
    () => install("typescript-5.9", ["typescript@~5.9.0"]),
    () => install("sfn-3.58.0", ["@aws-sdk/client-sfn@3.58.0"]),
    () => install("sfn-3.0.0", ["@aws-sdk/client-sfn@3.0.0"]),
    ...VERSIONS.map((version) => () => install(version.s3, packagesOf(version))),
  ]);
  const [others = "", typescript = "", ...more] = folders;
  const sdks = VERSIONS.map(({ s3 }) => ({ version: s3, folder: join(HOME, s3) }));
  const { version } = createRequire(join(ROOT, "package.json"))("@aws-sdk/client-s3/package.json");
  return {
    sdks: [...sdks, { version, folder: ROOT }],
    clients: others,
    earlySfn: more.slice(0, 2),
    typescript,
  };
}

function packagesOf(version: Version): readonly string[] {
  const { s3, dynamodb = s3 } = version;
  const clients = [`@aws-sdk/client-s3@${s3}`, `@aws-sdk/client-dynamodb@${dynamodb}`];
  const providers = "providers" in version ? version.providers : s3;
  return providers === undefined ? clients : [...clients, `@aws-sdk/credential-providers@${providers}`];
}

/** Runs tasks, some of them at a time, and gives their results in order. */
async function withLimit<T>(tasks: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const results = new Array<T>(tasks.length);
  const queue = [...tasks.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await next[1]();
  };
  await Promise.all(Array.from({ length: INSTALLATIONS_AT_ONCE }, worker));
  return results;
}

async function install(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(HOME, name);
  if (existsSync(folder)) return folder;
  const building = await mkdtemp(`${folder}.`);
  await writeFile(join(building, "package.json"), '{ "private": true }\n');
  const options = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  // Without peers, which lead to React Native, and without the guard that closes this process to the network.
  const args = ["install", ...options, "--legacy-peer-deps", "--omit=optional", ...packages];
  await promisify(execFile)("npm", args, { cwd: building, env: { ...process.env, NODE_OPTIONS: "" } });
  // Whole or not at all: two runs may be at it.
  if (existsSync(folder)) await rm(building, { recursive: true });
  else await rename(building, folder);
  return folder;
}
