import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inject, vi } from "vitest";

/** Writes a shared config file and points the environment at it, until `vi.unstubAllEnvs()`. */
export async function useConfigFile(content: string): Promise<string> {
  const path = join(await mkdtemp(join(inject("runDirectory"), "config-")), "config");
  await writeFile(path, content);
  vi.stubEnv("AWS_CONFIG_FILE", path);
  return path;
}

/** A config file with these keys in one section. */
export const section = (header: string, keys: Readonly<Record<string, string>>): string =>
  [`[${header}]`, ...Object.entries(keys).map(([key, value]) => `${key} = ${value}`), ""].join("\n");
