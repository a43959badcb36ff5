import { advisoryWindow, mandatoryWindow } from "../../../cache/refresh-policy.js";
import { firstListedName, isRoleName } from "../../../config/role-name.js";
import type { RoleSettings } from "../../../config/settings.js";
import type { InstanceMetadataError } from "../../../errors/instance-metadata-error.js";
import { MetadataReader } from "../../../imds/metadata-reader.js";
import { RoleCredentialsReader } from "../../../imds/role-credentials.js";
import { wallClock } from "../../../runtime/clock.js";
import type { Finding } from "../findings.js";
import { asError, broken, skipped } from "../findings.js";
import { cureFor } from "../fixes.js";
import type { MetadataProbe } from "../metadata-probe.js";
import { placeOf, type Situation } from "./settings.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The role and its credentials, looked up as the library does. */
export async function roleFindings(probe: MetadataProbe, situation: Situation): Promise<Finding[]> {
  const { settings } = situation;
  try {
    const reader = new RoleCredentialsReader(new MetadataReader(settings), settings.roleName);
    const { roleName, expiresAt } = await reader.fetch();
    const now = wallClock();
    // Those that have expired say nothing of today.
    const says =
      expiresAt > now ? `EC2 can assume the role ${roleName}.` : `The role ${roleName} has credentials here.`;
    return [{ check: "role", verdict: "ok", says }, credentialsFinding(expiresAt, now, settings)];
  } catch (thrown) {
    const error = asError(thrown);
    if (error.code === "NO_ROLE_ATTACHED" || error.code === "ROLE_NOT_ASSUMABLE") {
      const role = await noRoleFinding(error, probe, situation);
      return [role, ...skipped(["credentials"], "role")];
    }
    const cure = cureFor(error, situation);
    if (error.step === "role") return [broken("role", error, cure), ...skipped(["credentials"], "role")];
    return [...skipped(["role"], "credentials"), broken("credentials", error, cure)];
  }
}

/** A name that was configured is the first suspect; what is attached, the second. */
async function noRoleFinding(
  error: InstanceMetadataError,
  probe: MetadataProbe,
  { resolved: { roleName } }: Situation,
): Promise<Finding> {
  if (!roleName || error.code !== "NO_ROLE_ATTACHED") return broken("role", error);
  const called = placeOf(roleName.from);
  const listed = await listedRole(probe);
  return broken(
    "role",
    error,
    listed === undefined
      ? `No role is listed at all: see instance profile. Then see that ${called} names the role that is.`
      : `Correct or remove the role name, which ${called} gives: the role that is listed is ${listed}.`,
  );
}

async function listedRole(probe: MetadataProbe): Promise<string | undefined> {
  try {
    const { body } = await probe.read("/latest/meta-data/iam/security-credentials/");
    const name = firstListedName(body);
    return name !== undefined && isRoleName(name) ? name : undefined;
  } catch (error) {
    asError(error);
    return undefined;
  }
}

function credentialsFinding(expiresAt: number, now: number, settings: RoleSettings): Finding {
  const check = "credentials";
  const left = expiresAt - now;
  const until = new Date(expiresAt).toISOString();
  if (left <= 0) {
    return {
      check,
      verdict: "broken",
      says: `The credentials that EC2 serves expired at ${until} and were not replaced, or this machine's clock is ahead.`,
      cure: "Look at the clock below. If it is right, attach the instance profile anew: aws ec2 replace-iam-instance-profile-association --association-id … --iam-instance-profile Name=…",
    };
  }
  const window = advisoryWindow(left, settings.advisoryWindowMs);
  if (left <= mandatoryWindow(window)) {
    return {
      check,
      verdict: "warning",
      says: `They are good for ${duration(left)} only, until ${until}; this library's callers may have to wait for new ones.`,
      cure: "EC2 brings new ones at least five minutes before: look at the clock below, and run the doctor again in a minute.",
    };
  }
  const look = Math.min(left - window, settings.maxAgeMs);
  const next = look <= 0 ? "at once" : `at ${new Date(now + look).toISOString()}`;
  return {
    check,
    verdict: "ok",
    says: `They are good for ${duration(left)}, until ${until}; this library would look for new ones ${next}.`,
  };
}

function duration(ms: number): string {
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)} s`;
  const minutes = Math.floor(ms / MINUTE);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
