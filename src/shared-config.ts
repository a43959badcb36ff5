import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import { InstanceMetadataError } from "./errors.js";
import { loadPackage } from "./load-package.js";

/** One section of the shared files. */
export type ProfileSection = Readonly<Record<string, string | undefined>>;

type SharedFiles = Awaited<ReturnType<typeof import("@smithy/core/config").loadSharedConfigFiles>>;

/** Reads under way, by where: a thousand providers that start together read the files once. */
const readings = new Map<string, Promise<SharedFiles>>();

async function readSharedFiles(): Promise<SharedFiles> {
  const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, HOME } = process.env;
  const where = JSON.stringify([AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, HOME]);
  const underWay = readings.get(where);
  if (underWay) return underWay;
  const { loadSharedConfigFiles } = await loadPackage(
    "@smithy/core/config",
    () => import("@smithy/core/config"),
  );
  const reading = readings.get(where) ?? loadSharedConfigFiles({ ignoreCache: true });
  readings.set(where, reading);
  return reading.finally(() => readings.delete(where));
}

/** The section of the shared files, read with the SDK's own loader, which counts an unreadable file as empty. */
export async function readProfile(profile: string | undefined): Promise<ProfileSection> {
  const { configFile, credentialsFile } = await readSharedFiles();
  requireFileDescriptor();
  const name = profile ?? (process.env.AWS_PROFILE?.trim() || "default");
  const section = (file: typeof configFile) => (Object.hasOwn(file, name) ? file[name] : undefined);
  return { ...section(credentialsFile), ...section(configFile) };
}

/** A process that is out of file descriptors for a moment must not take its config file for empty for good. */
function requireFileDescriptor(): void {
  try {
    closeSync(openSync(devNull, "r"));
  } catch (cause) {
    if (!isOutOfFiles(cause)) return;
    throw new InstanceMetadataError(
      "The shared config file could not be read: this process has no file descriptor left. Find out what keeps files or connections open.",
      { code: "IMDS_UNREACHABLE", phase: "token", cause },
    );
  }
}

const isOutOfFiles = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");
