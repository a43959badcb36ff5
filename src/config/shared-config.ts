import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { requireFileDescriptor } from "../runtime/file-descriptors.js";
import { loadPackage } from "../runtime/load-package.js";

/** One section of the shared files. */
export type ProfileSection = Readonly<Record<string, string | undefined>>;

type SharedFiles = Awaited<ReturnType<typeof import("@smithy/core/config").loadSharedConfigFiles>>;

const place = (variable: string, name: string): string => {
  const home = process.env.HOME || homedir();
  return (process.env[variable] || join(home, ".aws", name)).replace(/^~(?=\/)/, home);
};

/** Where the shared files are, by the names that the SDK's loader has for them; neither need be there. */
export const sharedFilePaths = (): { readonly configFilepath: string; readonly filepath: string } => ({
  configFilepath: place("AWS_CONFIG_FILE", "config"),
  filepath: place("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
});

/** Under Node's permission model, asking for a file that may not be read throws. */
function isThere(file: string): boolean {
  try {
    return existsSync(file);
  } catch {
    return false;
  }
}

/** Reads under way, by where: a thousand providers that start together read the files once. */
const readings = new Map<string, Promise<SharedFiles>>();

async function readSharedFiles(): Promise<SharedFiles> {
  const paths = sharedFilePaths();
  const where = Object.values(paths);
  // Most instances have neither, and asking costs less than having the thread pool fail to open them.
  if (!where.some(isThere)) return { configFile: {}, credentialsFile: {} };
  const key = where.join("\0");
  const underWay = readings.get(key);
  if (underWay) return underWay;
  const { loadSharedConfigFiles } = await loadPackage(
    "@smithy/core/config",
    () => import("@smithy/core/config"),
  );
  const reading = readings.get(key) ?? loadSharedConfigFiles({ ...paths, ignoreCache: true });
  readings.set(key, reading);
  const files = await reading.finally(() => readings.delete(key));
  requireFileDescriptor();
  return files;
}

/** The section of the shared files, read with the SDK's own loader, which counts an unreadable file as empty. */
export async function readProfile(profile: string | undefined): Promise<ProfileSection> {
  const { configFile, credentialsFile } = await readSharedFiles();
  const name = profile ?? (process.env.AWS_PROFILE?.trim() || "default");
  const section = (file: typeof configFile) => (Object.hasOwn(file, name) ? file[name] : undefined);
  return { ...section(credentialsFile), ...section(configFile) };
}
