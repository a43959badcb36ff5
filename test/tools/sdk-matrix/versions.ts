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

/** Installs the versions that are not there yet; the newest is the one that this repository has. */
export async function installedSdks(): Promise<readonly InstalledSdk[]> {
  await mkdir(HOME, { recursive: true });
  const waiting = VERSIONS.map((version) => async () => {
    const { s3, dynamodb = s3 } = version;
    const providers = "providers" in version ? version.providers : s3;
    const packages = [`@aws-sdk/client-s3@${s3}`, `@aws-sdk/client-dynamodb@${dynamodb}`];
    if (providers !== undefined) packages.push(`@aws-sdk/credential-providers@${providers}`);
    return { version: s3, folder: await install(s3, packages) };
  });
  const installed: InstalledSdk[] = [];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) installed.push(await next());
  };
  await Promise.all(Array.from({ length: INSTALLATIONS_AT_ONCE }, worker));
  const order = VERSIONS.map(({ s3 }) => s3);
  installed.sort((a, b) => order.indexOf(a.version) - order.indexOf(b.version));
  const { version } = createRequire(join(ROOT, "package.json"))("@aws-sdk/client-s3/package.json");
  return [...installed, { version, folder: ROOT }];
}

/** Clients of other services. @returns the folders of their newest versions, and of early ones of Step Functions */
export const installedClients = async (packages: readonly string[]): Promise<readonly string[]> => [
  await install("other-clients", packages),
  await install("sfn-3.58.0", ["@aws-sdk/client-sfn@3.58.0"]),
  await install("sfn-3.0.0", ["@aws-sdk/client-sfn@3.0.0"]),
];

/** @returns the folder of a TypeScript that has not the newest types' features */
export const installedTypeScript = (): Promise<string> => install("typescript-5.9", ["typescript@~5.9.0"]);

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
