import type { InstanceMetadataError } from "../../../errors/instance-metadata-error.js";
import type { DoctorContext } from "../context.js";
import { type Finding, fail, failWith, ok, warning } from "../findings.js";
import { fixFor } from "../fixes.js";
import { isEc2Address, nameOf } from "../sources.js";

const CHECK = "session token";

export const tokenIssued = (): Finding => ok(CHECK, "IMDSv2 session tokens work.");

export function noToken(error: InstanceMetadataError, context: DoctorContext): Finding {
  const { endpoint } = context.settings;
  const fix =
    error.code === "TOKEN_UNSUPPORTED" && !isEc2Address(endpoint) && endpoint.basePath === ""
      ? "Update the service at the endpoint to one that supports IMDSv2. If that is not possible, allow IMDSv1: AWS_EC2_METADATA_V1_DISABLED=false"
      : fixFor(error, context);
  return failWith(CHECK, error, fix);
}

/** There is no token, and a setting allows IMDSv1: it helps only if the service does, too. */
export function fallback(
  refusal: InstanceMetadataError,
  statusWithoutToken: number | undefined,
  context: DoctorContext,
): Finding {
  const setting = `IMDSv1 is allowed (${nameOf(context.resolved.imdsV1.from)})`;
  const noTokens = `The service issues no session token (status ${refusal.statusCode})`;
  if (statusWithoutToken === 401 || statusWithoutToken === 403)
    return fail(
      CHECK,
      `${noTokens}. ${setting}, but a request without a token is answered with status ${statusWithoutToken}.`,
      fixFor(refusal, context),
      refusal.code,
    );
  return {
    ...warning(
      CHECK,
      `${noTokens}. ${setting} and is used instead.`,
      "Each EC2 instance issues tokens: find out what answers in its place. Then remove the setting.",
    ),
    code: refusal.code,
  };
}
