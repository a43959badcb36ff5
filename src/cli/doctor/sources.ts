import type { Endpoint } from "../../config/endpoint.js";
import { ENDPOINT_MODES } from "../../config/endpoint.js";
import type { SettingSource } from "../../config/setting-source.js";

/** The doctor's own flags for what are options elsewhere. */
const FLAGS: Readonly<Record<string, string>> = { roleName: "--role" };

/** The flag, the variable, or the key with its section and file. */
export function nameOf(from: SettingSource): string {
  switch (from.kind) {
    case "default":
      return "default";
    case "option":
      return FLAGS[from.option] ?? `--${from.option}`;
    case "environment":
      return from.variable;
    default:
      return `${from.key} in ${from.header} of ${from.path}`;
  }
}

/** How to take the setting back. */
export function removalOf(from: SettingSource): string {
  switch (from.kind) {
    case "option":
      return `leave out ${nameOf(from)}`;
    case "environment":
      return `unset ${from.variable}`;
    default:
      return `remove ${nameOf(from)}`;
  }
}

/** Whether an endpoint is one of EC2's two, however it was set. */
export const isEc2Address = ({ href }: Endpoint): boolean =>
  Object.values<string>(ENDPOINT_MODES).includes(href);

/** Whether an endpoint follows from a mode. */
export const isMode = (from: SettingSource): boolean =>
  (from.kind === "environment" && from.variable.endsWith("_MODE")) ||
  ("key" in from && from.key.endsWith("_mode"));
