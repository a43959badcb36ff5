import type { InstanceRoleOptions } from "../../config/options.js";
import { readProfile } from "../../config/profile.js";
import type { ResolvedSettings, RoleSettings } from "../../config/settings.js";
import { disabledError, metadataDisabled, resolveWithSources } from "../../config/settings.js";
import { MetadataReader } from "../../imds/metadata-reader.js";
import { checkContainer } from "./checks/container.js";
import { checkInstance } from "./checks/instance.js";
import { checkOtherCredentials } from "./checks/other-credentials.js";
import { checkSettings } from "./checks/settings.js";
import type { Environment } from "./context.js";
import { asError, CHECKS, checksAfter, type Finding, failWith, skip } from "./findings.js";
import { readMachine } from "./machine.js";
import { checkMetadata } from "./metadata-checks.js";
import { suspiciousSettings, suspiciousTimeout } from "./suspicious-settings.js";

/**
 * Checks what a request for credentials needs, in the order in which it needs it. No finding holds a secret.
 *
 * @param root where the machine's own files are; for tests.
 */
export async function diagnose(options: InstanceRoleOptions, root = ""): Promise<Finding[]> {
  const machine = await readMachine(root);
  let environment: Environment;
  try {
    const profile = await readProfile(options.profile);
    environment = {
      profile,
      machine,
      target: { instanceId: machine.instance?.id, region: configuredRegion() },
    };
  } catch (error) {
    const failure = failWith(
      "settings",
      asError(error),
      "Close files that are left open, or raise the limit: ulimit -n.",
    );
    return [failure, ...skip(checksAfter("settings"), "settings")];
  }
  const aside = [
    ...checkOtherCredentials(environment.profile),
    checkContainer(machine),
    checkInstance(machine),
  ];
  const settings = settingsOf(options, environment);
  if (!("resolved" in settings)) {
    return [...settings.findings, ...aside, ...skip(checksAfter("instance"), "settings")];
  }
  const reader = new MetadataReader(settings.settings);
  const context = { ...environment, settings: settings.settings, resolved: settings.resolved, reader };
  const requested = await reader.withConnections(() => checkMetadata(context));
  return inOrder([...settings.findings, ...aside, ...requested]);
}

const configuredRegion = (): string | undefined =>
  process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || undefined;

type Settings =
  | { readonly findings: Finding[] }
  | { readonly findings: Finding[]; readonly settings: RoleSettings; readonly resolved: ResolvedSettings };

function settingsOf(options: InstanceRoleOptions, { profile }: Environment): Settings {
  const suspicious = suspiciousSettings(profile);
  try {
    if (metadataDisabled()) throw disabledError();
    const { settings, resolved } = resolveWithSources(options, profile);
    const findings = [...suspicious, ...suspiciousTimeout(resolved), ...checkSettings(resolved)];
    return { findings, settings, resolved };
  } catch (thrown) {
    const error = asError(thrown);
    const fix =
      error.code === "IMDS_DISABLED"
        ? "Unset AWS_EC2_METADATA_DISABLED to use the instance role."
        : "Correct or remove each setting that is not valid.";
    return { findings: [failWith("settings", error, fix), ...suspicious] };
  }
}

/** By check; findings of one check stay in the order in which they were made. */
const inOrder = (findings: readonly Finding[]): Finding[] =>
  CHECKS.flatMap((check) => findings.filter((finding) => finding.check === check));
