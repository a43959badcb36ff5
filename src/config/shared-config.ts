import { homedir } from "node:os";
import { join } from "node:path";
import type { Logger } from "@smithy/types";
import { requireFileDescriptor } from "../runtime/file-descriptors.js";
import { log } from "../runtime/log.js";
import type { IniFile } from "./ini-file.js";
import { EMPTY_FILE, parseIniFile } from "./ini-file.js";
import { readSmallFile } from "./read-small-file.js";

/** One of the two shared files. */
export interface SharedFile extends IniFile {
  readonly kind: "config file" | "credentials file";
  /** Undefined where there is neither a home directory nor a variable that names the file. */
  readonly path: string | undefined;
  /** Why a file that is there counts as empty. */
  readonly ignoredBecause?: string | undefined;
}

/** Where both files have a key of a profile, the config file's value counts. */
export interface SharedFiles {
  readonly config: SharedFile;
  readonly credentials: SharedFile;
}

/**
 * Undefined where none can be found out: without `HOME`, Node asks for the user's passwd entry, which the user of a
 * container may not have, and throws; Deno gives null.
 */
function homeDirectory(): string | undefined {
  try {
    return process.env.HOME || homedir() || undefined;
  } catch {
    // When no descriptor is left the passwd file seems to be missing, too.
    requireFileDescriptor();
    return undefined;
  }
}

function pathOf(variable: string, name: string): string | undefined {
  const path = process.env[variable] || `~/.aws/${name}`;
  if (!path.startsWith("~/")) return path;
  const home = homeDirectory();
  return home === undefined ? undefined : join(home, path.slice(2));
}

/** Reads that are in flight, by path: a thousand providers that start together read the files once. */
const inFlight = new Map<string, Promise<SharedFiles>>();

/**
 * Reads both files. One that is missing, is no regular file, is larger than 1 MiB or cannot be read counts as empty.
 *
 * @throws InstanceMetadataError `IMDS_UNREACHABLE` when no file descriptor is left; the next call reads again.
 */
export async function readSharedFiles(logger?: Logger): Promise<SharedFiles> {
  const config = pathOf("AWS_CONFIG_FILE", "config");
  const credentials = pathOf("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const key = JSON.stringify([config, credentials]);
  const reading = inFlight.get(key) ?? readBoth(config, credentials).finally(() => inFlight.delete(key));
  inFlight.set(key, reading);
  const files = await reading;
  for (const { kind, path, ignoredBecause } of [files.config, files.credentials])
    if (ignoredBecause)
      log(logger, "debug", `ec2-role-credentials: the shared ${kind} ${path} is ignored: ${ignoredBecause}`);
  return files;
}

async function readBoth(
  configPath: string | undefined,
  credentialsPath: string | undefined,
): Promise<SharedFiles> {
  const [config, credentials] = await Promise.all([
    readOne("config file", configPath),
    readOne("credentials file", credentialsPath),
  ]);
  return { config, credentials };
}

async function readOne(kind: SharedFile["kind"], path: string | undefined): Promise<SharedFile> {
  if (path === undefined) return { kind, path, ...EMPTY_FILE };
  const { text, ignoredBecause } = await readSmallFile(path);
  return { kind, path, ignoredBecause, ...parseIniFile(text, kind) };
}
