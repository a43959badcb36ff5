import type { InstanceRoleOptions } from "../../config/options.js";
import { readProfile } from "../../config/profile.js";
import { disabledError, metadataDisabled, resolveWithSources } from "../../config/settings.js";
import { clockFinding, regionFinding } from "./checks/clock-and-region.js";
import { instanceFinding } from "./checks/instance.js";
import { profileFinding, readProfileState } from "./checks/instance-profile.js";
import { otherCredentials } from "./checks/other-credentials.js";
import { roleFindings } from "./checks/role.js";
import { tokenFindings } from "./checks/session-token.js";
import { type Situation, settingsFindings } from "./checks/settings.js";
import type { Check, Finding } from "./findings.js";
import { asError, broken, skipped } from "./findings.js";
import { MetadataProbe } from "./metadata-probe.js";

const AFTER_TOKEN: readonly Check[] = ["instance profile", "role", "credentials", "clock", "region"];
const AFTER_CONNECTION: readonly Check[] = ["session token", "IMDSv1", ...AFTER_TOKEN];

/** Walks the path that a request for credentials takes and says what holds. Nothing in it is a secret. */
export async function diagnose(options: InstanceRoleOptions): Promise<Finding[]> {
  const aside = [...otherCredentials(await readProfile(options.profile)), await instanceFinding()];
  let situation: Situation;
  try {
    if (metadataDisabled()) throw disabledError();
    situation = await resolveWithSources(options);
  } catch (error) {
    const settings = broken("settings", asError(error));
    return [settings, ...aside, ...skipped(["connection", ...AFTER_CONNECTION], "settings")];
  }
  return [...settingsFindings(situation), ...aside, ...(await walk(situation))];
}

async function walk(situation: Situation): Promise<Finding[]> {
  const probe = new MetadataProbe(situation.settings);
  const { findings, leadsTo } = await tokenFindings(probe, situation);
  if (leadsTo === "no connection") return [...findings, ...skipped(AFTER_CONNECTION, "connection")];
  if (leadsTo === "no reads") return [...findings, ...skipped(AFTER_TOKEN, "session token")];
  const profile = await readProfileState(probe);
  const role = await roleFindings(probe, situation);
  const served = role.some(({ check, verdict }) => check === "role" && verdict === "ok");
  return [
    ...findings,
    profileFinding(profile, served ? "served" : "not served"),
    ...role,
    await clockFinding(probe),
    await regionFinding(probe),
  ];
}
