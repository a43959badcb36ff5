import type { Logger } from "@smithy/types";
import type { ResolvedSetting, SettingSource } from "./setting-source.js";
import type { SharedFile, SharedFiles } from "./shared-config.js";
import { readSharedFiles } from "./shared-config.js";

/** The profile in use, and the shared files that it is in. */
export interface Profile {
  readonly name: ResolvedSetting<string>;
  readonly files: SharedFiles;
}

/** The profile that the option names, or `AWS_PROFILE`, or `default`. It need not be in the files. */
export async function readProfile(option: string | undefined, logger?: Logger): Promise<Profile> {
  const name = profileName(option);
  return { name, files: await readSharedFiles(logger) };
}

function profileName(option: string | undefined): ResolvedSetting<string> {
  if (option !== undefined) return { value: option, from: { kind: "option", option: "profile" } };
  const variable = "AWS_PROFILE";
  const named = process.env[variable]?.trim();
  return named
    ? { value: named, from: { kind: "environment", variable } }
    : { value: "default", from: { kind: "default" } };
}

/** The values of a key, the one that counts first; an empty value is none. */
export function valuesInProfile({ name, files }: Profile, key: string): ResolvedSetting<string>[] {
  return [files.config, files.credentials].flatMap((file) => valueIn(file, name.value, key) ?? []);
}

export function valueIn(file: SharedFile, profile: string, key: string): ResolvedSetting<string> | undefined {
  const section = file.profiles.get(profile);
  const value = section?.keys[key];
  if (section === undefined || !value) return undefined;
  const from: SettingSource = { kind: file.kind, path: file.path ?? "", header: section.header, key };
  return { value, from };
}
