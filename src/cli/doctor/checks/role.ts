import type { InstanceMetadataError } from "../../../errors/instance-metadata-error.js";
import { attachProfile, showTrustPolicy } from "../aws-commands.js";
import type { DoctorContext } from "../context.js";
import { type Finding, failWith, ok } from "../findings.js";
import { fixFor } from "../fixes.js";
import { nameOf, removalOf } from "../sources.js";

const CHECK = "role";

/** Credentials that have expired prove nothing of today. */
export const roleFound = (roleName: string, isAssumed: boolean): Finding =>
  ok(
    CHECK,
    isAssumed ? `EC2 can assume the role ${roleName}.` : `The role ${roleName} has credentials here.`,
  );

/** `listed`: the role that the service lists, if any. */
export function roleFailed(
  error: InstanceMetadataError,
  listed: string | undefined,
  context: DoctorContext,
): Finding {
  const configured = context.settings.roleName;
  if (error.code === "ROLE_NOT_ASSUMABLE")
    return failWith(
      CHECK,
      error,
      showTrustPolicy(
        "Let ec2.amazonaws.com assume the role in its trust policy. If the role was deleted and created again, detach the instance profile and attach it again. The trust policy",
        (configured?.value ?? listed)?.split("/").at(-1),
      ),
    );
  if (error.code !== "NO_ROLE_ATTACHED") return failWith(CHECK, error, fixFor(error, context));
  if (configured === undefined || listed === undefined)
    return failWith(
      CHECK,
      error,
      attachProfile("Attach an instance profile that contains a role", context.target),
    );
  return failWith(
    CHECK,
    error,
    `The role that is attached is ${listed}. Correct the name ${JSON.stringify(configured.value)} (${nameOf(configured.from)}), or ${removalOf(configured.from)}.`,
  );
}
