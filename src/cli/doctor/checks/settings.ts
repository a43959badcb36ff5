import type { Endpoint } from "../../../config/endpoint.js";
import { ENDPOINT_MODES } from "../../../config/endpoint.js";
import type { InstanceRoleOptions } from "../../../config/options.js";
import type { RoleSettings, Sourced } from "../../../config/settings.js";
import { configKey, findSetting, resolveRoleSettings, SOURCES } from "../../../config/settings.js";
import { type ProfileSection, readProfile, sharedFilePaths } from "../../../config/shared-config.js";
import type { Finding } from "../findings.js";

/** Where a setting comes from, by the name under which its user finds it. */
export interface Place {
  readonly from: "option" | "environment" | "config file";
  readonly called: string;
}

/** What the doctor runs on. */
export interface Situation {
  readonly settings: RoleSettings;
  /** Those of the settings that are not at their default. */
  readonly places: Readonly<Partial<Record<Sourced, Place>>>;
  readonly profile: { readonly name: string; readonly called: string; readonly section: ProfileSection };
}

/** The doctor's own flags for what are options elsewhere. */
const FLAGS: Readonly<Partial<Record<Sourced, string>>> = {
  roleName: "--role",
  endpoint: "--endpoint",
  timeout: "--timeout",
};

/** The profile in force, and what names it. */
export function profileInForce(profile: string | undefined): { name: string; called: string } {
  if (profile !== undefined) return { name: profile, called: "--profile" };
  const named = process.env.AWS_PROFILE?.trim();
  return named ? { name: named, called: "AWS_PROFILE" } : { name: "default", called: "default" };
}

/** Puts the settings together as the library does. Rejects with an `InstanceMetadataError`. */
export async function situationOf(options: InstanceRoleOptions): Promise<Situation> {
  const settings = await resolveRoleSettings(options);
  const section = await readProfile(options.profile);
  const profile = { ...profileInForce(options.profile), section };
  const names = Object.keys(SOURCES) as Sourced[];
  const places = names.flatMap((name) => {
    const from = findSetting(name, options, section)?.from;
    return from === undefined ? [] : [[name, { from, called: calledThere(name, from, profile.name) }]];
  });
  return { settings, places: Object.fromEntries(places), profile };
}

function calledThere(name: Sourced, from: Place["from"], profile: string): string {
  const { variable } = SOURCES[name];
  switch (from) {
    case "option":
      return FLAGS[name] ?? `option ${name}`;
    case "environment":
      return variable;
    case "config file":
      return `${configKey(variable)} of profile ${profile}`;
  }
}

/** Whether an endpoint is one of the two that EC2 has. */
export const isEc2Address = ({ href }: Endpoint): boolean =>
  Object.values<string>(ENDPOINT_MODES).includes(href);

export function settingsFindings({ settings, places, profile }: Situation): Finding[] {
  const { endpoint, roleName, timeoutMs, maxRetries, imdsV1 } = settings;
  const by = (place: Place | undefined) => `(${place?.called ?? "default"})`;
  const inForce = [
    ...(roleName === undefined ? [] : [`role name ${roleName} ${by(places.roleName)}`]),
    `endpoint ${endpoint.href} ${by(places.endpoint ?? places.endpointMode)}`,
    `timeout ${timeoutMs} ms ${by(places.timeout)}`,
    `${maxRetries} ${maxRetries === 1 ? "retry" : "retries"} ${by(places.maxRetries)}`,
    `IMDSv1 ${imdsV1} ${by(places.ec2MetadataV1Disabled)}`,
    `profile ${profile.name} (${profile.called})`,
  ];
  const check = "settings";
  const whose = isEc2Address(endpoint) ? "" : " The endpoint is not EC2's own.";
  const findings: Finding[] = [{ check, verdict: "ok", says: `In force: ${inForce.join(", ")}.${whose}` }];
  const isMissing = Object.keys(profile.section).length === 0;
  if (isMissing && profile.called !== "default") {
    const { configFilepath, filepath } = sharedFilePaths();
    findings.push({
      check,
      verdict: "note",
      says: `${profile.called} names the profile ${profile.name}, but neither ${configFilepath} nor ${filepath} has a setting of that profile.`,
      cure: `Correct the name. In the config file the section is called [profile ${profile.name}].`,
    });
  }
  return findings;
}
