import type { Profile } from "../../config/profile.js";
import { configKey, TEXT_FORMS } from "../../config/resolve-setting.js";
import type { ResolvedSettings } from "../../config/settings.js";
import type { SharedFile } from "../../config/shared-config.js";
import { closest } from "../did-you-mean.js";
import { type Finding, warning } from "./findings.js";
import { nameOf } from "./sources.js";

const CHECK = "settings";
const DISABLED = "AWS_EC2_METADATA_DISABLED";
const SETTING_VARIABLES: readonly string[] = [
  ...Object.values(TEXT_FORMS).map(({ variable }) => variable),
  DISABLED,
];
const KNOWN_VARIABLES: readonly string[] = [
  ...SETTING_VARIABLES,
  "AWS_PROFILE",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
];
const KNOWN_KEYS: readonly string[] = Object.values(TEXT_FORMS).map(({ variable }) => configKey(variable));

/** A minute for one attempt is longer than any metadata service takes. */
const LONG_TIMEOUT_MS = 60_000;
const SHORT_TIMEOUT_MS = 20;

/** Settings that are accepted in silence and probably do not do what was meant; before any of them is resolved. */
export const suspiciousSettings = ({ files, name }: Profile): Finding[] => [
  ...disabledVariable(),
  ...unknownVariables(),
  ...[files.config, files.credentials].flatMap((file) => [
    ...brokenHeaders(file),
    ...unknownKeys(file, name.value),
  ]),
];

function disabledVariable(): Finding[] {
  const value = process.env[DISABLED];
  const text = value?.trim().toLowerCase() ?? "";
  if (["", "true", "false"].includes(text)) return [];
  const shown = JSON.stringify(value?.slice(0, 40));
  const why = /^["'].*["']$/.test(text)
    ? "the quotes are part of the value"
    : "only true switches metadata off";
  const message = `${DISABLED} is ${shown} and has no effect: ${why}.`;
  return [warning(CHECK, message, `Set ${DISABLED}=true to switch metadata off, or unset it.`)];
}

function unknownVariables(): Finding[] {
  return Object.keys(process.env)
    .filter((name) => !KNOWN_VARIABLES.includes(name) && /aws/i.test(name))
    .flatMap((name) => {
      const meant = closest(name, KNOWN_VARIABLES) ?? (isOfMetadata(name) ? "" : undefined);
      if (meant === undefined) return [];
      const message = `The environment variable ${name} is not one that the AWS SDKs read.`;
      const fix =
        meant === ""
          ? `Unset it. The variables for instance metadata are ${SETTING_VARIABLES.join(", ")}.`
          : `Rename it to ${meant}, or unset it.`;
      return [warning(CHECK, message, fix)];
    });
}

const isOfMetadata = (name: string): boolean =>
  /^AWS_(EC2_METADATA|METADATA_SERVICE|EC2_INSTANCE_PROFILE|IMDS)/i.test(name);

function brokenHeaders({ brokenHeaders: broken, path }: SharedFile): Finding[] {
  return broken.map(({ line, text }) =>
    warning(
      CHECK,
      `Line ${line} of ${path} begins a section, but has no closing bracket: ${text.slice(0, 60)}`,
      `Close the bracket: ${text.slice(0, 60)}]`,
    ),
  );
}

function unknownKeys(file: SharedFile, profile: string): Finding[] {
  const section = file.profiles.get(profile);
  return Object.keys(section?.keys ?? {})
    .filter((key) => !KNOWN_KEYS.includes(key))
    .flatMap((key) => {
      const meant = closest(key, KNOWN_KEYS);
      if (meant === undefined) return [];
      const message = `The key ${key} in ${section?.header} of ${file.path} is not one that the AWS SDKs read.`;
      return [warning(CHECK, message, `Rename it to ${meant}, or remove it.`)];
    });
}

/** Timeouts in the wrong unit. */
export function suspiciousTimeout({ timeoutMs: { value, from } }: ResolvedSettings): Finding[] {
  const name = nameOf(from);
  const seconds = Math.round(value / 1000);
  if (value >= LONG_TIMEOUT_MS) {
    const message = `One attempt may take ${seconds} s (${name}).`;
    if (from.kind === "option")
      return [warning(CHECK, message, `${name} is in milliseconds: 1000 is 1 second.`)];
    return [warning(CHECK, message, `${name} is in seconds: for ${seconds} ms, set ${seconds / 1000}.`)];
  }
  if (value >= SHORT_TIMEOUT_MS) return [];
  const message = `One attempt may take ${value} ms only (${name}).`;
  const unit = from.kind === "option" ? "milliseconds" : "seconds";
  return [warning(CHECK, message, `${name} is in ${unit}. The default is 1 second.`)];
}
