import type { ResolvedSetting } from "../../../config/setting-source.js";
import type { ResolvedSettings } from "../../../config/settings.js";
import { type Finding, note, ok } from "../findings.js";
import { isEc2Address, nameOf } from "../sources.js";

const CHECK = "settings";

/** The settings in use, each with where it comes from; what is unusual about them comes first. */
export function checkSettings(resolved: ResolvedSettings): Finding[] {
  const { endpoint, roleName, timeoutMs, maxRetries, imdsV1, profile } = resolved;
  const by = ({ from }: ResolvedSetting<unknown>) => `(${nameOf(from)})`;
  const shown = [
    ...(roleName === undefined ? [] : [`role name ${roleName.value} ${by(roleName)}`]),
    `endpoint ${endpoint.value.href} ${by(endpoint)}`,
    `timeout ${timeoutMs.value} ms ${by(timeoutMs)}`,
    `${maxRetries.value} ${maxRetries.value === 1 ? "retry" : "retries"} ${by(maxRetries)}`,
    `IMDSv1 ${imdsV1.value} ${by(imdsV1)}`,
    profile.name.from.kind === "default"
      ? "profile default"
      : `profile ${profile.name.value} ${by(profile.name)}`,
  ];
  const findings: Finding[] = [];
  if (!isEc2Address(endpoint.value))
    findings.push(note(CHECK, `The endpoint ${endpoint.value.href} ${by(endpoint)} is not EC2's own.`));
  for (const { kind, path, ignoredBecause } of [profile.files.config, profile.files.credentials])
    if (ignoredBecause)
      findings.push(note(CHECK, `The shared ${kind} ${path} is ignored: ${ignoredBecause}.`));
  return [...findings, ...profileFindings(resolved), ok(CHECK, `Settings: ${shown.join(", ")}.`)];
}

function profileFindings({ profile: { name, files } }: ResolvedSettings): Finding[] {
  const { config, credentials } = files;
  if (name.from.kind === "default" || config.profiles.has(name.value) || credentials.profiles.has(name.value))
    return [];
  const header = `[profile ${name.value}]`;
  const fix = config.ignoredHeaders.includes(`[${name.value}]`)
    ? `In ${config.path}, change [${name.value}] to ${header}.`
    : `Correct the name, or add the section ${header} to ${config.path}.`;
  const places = [config.path, credentials.path].filter((path) => path !== undefined);
  const where =
    places.length === 0 ? "in no file, as there is no home directory" : `not in ${places.join(" or ")}`;
  return [note(CHECK, `The profile ${name.value} (${nameOf(name.from)}) is ${where}.`, fix)];
}
