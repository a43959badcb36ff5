import type { Endpoint } from "../../../config/endpoint.js";
import { ENDPOINT_MODES } from "../../../config/endpoint.js";
import type { SettingSource } from "../../../config/setting-source.js";
import type { ResolvedSettings, RoleSettings } from "../../../config/settings.js";
import type { Finding } from "../findings.js";

/** What the doctor runs on. */
export interface Situation {
  readonly settings: RoleSettings;
  readonly resolved: ResolvedSettings;
}

/** The doctor's own flags for what are options elsewhere. */
const FLAGS: Readonly<Record<string, string>> = { roleName: "--role" };

/** The flag, variable or key under which the user finds the setting. */
export function placeOf(from: SettingSource): string {
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

/** Whether an endpoint is one of the two that EC2 has. */
export const isEc2Address = ({ href }: Endpoint): boolean =>
  Object.values<string>(ENDPOINT_MODES).includes(href);

export function settingsFindings({ resolved, settings }: Situation): Finding[] {
  const { endpoint, roleName, timeoutMs, maxRetries, imdsV1, profile } = resolved;
  const by = ({ from }: { from: SettingSource }) => `(${placeOf(from)})`;
  const inForce = [
    ...(roleName === undefined ? [] : [`role name ${roleName.value} ${by(roleName)}`]),
    `endpoint ${endpoint.value.href} ${by(endpoint)}`,
    `timeout ${timeoutMs.value} ms ${by(timeoutMs)}`,
    `${maxRetries.value} ${maxRetries.value === 1 ? "retry" : "retries"} ${by(maxRetries)}`,
    `IMDSv1 ${imdsV1.value} ${by(imdsV1)}`,
    `profile ${profile.name.value} ${by(profile.name)}`,
  ];
  const check = "settings";
  const whose = isEc2Address(settings.endpoint) ? "" : " The endpoint is not EC2's own.";
  const findings: Finding[] = [{ check, verdict: "ok", says: `In force: ${inForce.join(", ")}.${whose}` }];
  const { config, credentials } = profile.files;
  const name = profile.name.value;
  if (profile.name.from.kind !== "default" && !config.profiles.has(name) && !credentials.profiles.has(name)) {
    findings.push({
      check,
      verdict: "note",
      says: `${placeOf(profile.name.from)} names the profile ${name}, but neither ${config.path} nor ${credentials.path} has a setting of that profile.`,
      cure: `Correct the name. In the config file the section is called [profile ${name}].`,
    });
  }
  return findings;
}
