import type { InstanceMetadataErrorCode, InstanceMetadataStep } from "./instance-metadata-error.js";
import { InstanceMetadataError } from "./instance-metadata-error.js";
import type { FailureKind, RequestFailure } from "./request-failure.js";

interface Context {
  readonly step: InstanceMetadataStep;
  readonly attempts: number;
  readonly endpoint: string;
}

const SUBJECT: Readonly<Record<InstanceMetadataStep, string>> = {
  token: "The session token",
  role: "The name of the instance role",
  credentials: "The credentials of the instance role",
  metadata: "Instance metadata",
};

/** Of the answers that are of no use, those that are more than `INVALID_RESPONSE`; a status has a code of its own. */
const CODES: Readonly<Partial<Record<FailureKind, InstanceMetadataErrorCode>>> = {
  refused: "IMDS_UNREACHABLE",
  unroutable: "IMDS_UNREACHABLE",
  unconnected: "IMDS_UNREACHABLE",
  reset: "IMDS_UNREACHABLE",
  timeout: "IMDS_TIMEOUT",
  aborted: "ABORTED",
  unlisted: "NO_ROLE_ATTACHED",
};

function codeOfStatus(status: number | undefined, step: InstanceMetadataStep): InstanceMetadataErrorCode {
  if (status === 403) return "IMDS_FORBIDDEN";
  if (status === 429 || status === 503) return "THROTTLED";
  if (step === "token") {
    if (status === 400) return "TOKEN_REJECTED";
    return status === 404 || status === 405 ? "TOKEN_UNSUPPORTED" : "SERVER_ERROR";
  }
  if (status === 401) return "UNAUTHORIZED";
  if (status !== 404) return "SERVER_ERROR";
  return step === "metadata" ? "NOT_FOUND" : "NO_ROLE_ATTACHED";
}

const HINTS: Readonly<Partial<Record<InstanceMetadataErrorCode, string>>> = {
  IMDS_UNREACHABLE:
    "Is this not an EC2 instance, or is metadata blocked by a firewall or a container network?",
  IMDS_TIMEOUT:
    "The metadata service is slow or overloaded; the option timeout sets how long one attempt may take.",
  IMDS_FORBIDDEN: "Metadata access is switched off on this instance, or a proxy such as kube2iam refuses it.",
  TOKEN_REJECTED:
    "The service did not accept the request for a token; is the endpoint an EC2 metadata service?",
  TOKEN_UNSUPPORTED:
    "It knows no IMDSv2 tokens; the option ec2MetadataV1Disabled: false allows IMDSv1, which is less safe.",
  UNAUTHORIZED:
    "It refused a new session token as well, or hands out none; is something between this process and the metadata service?",
  NO_ROLE_ATTACHED: "Attach an instance profile that contains a role to this instance.",
  THROTTLED: "Too many requests from this instance; look for other processes that read metadata in a loop.",
  SERVER_ERROR: "The metadata service is in trouble or is not one; is the endpoint right?",
  INVALID_RESPONSE: "Is the endpoint an EC2 metadata service, and is nothing rewriting its answers?",
  NOT_FOUND: "Check the path, which must be given in full, such as /latest/meta-data/instance-id.",
};

const HOP_LIMIT = "Inside a container, raise the instance's metadata response hop limit to 2.";

const hint = (code: InstanceMetadataErrorCode, step: InstanceMetadataStep): string =>
  (code === "IMDS_TIMEOUT" && step === "token" ? HOP_LIMIT : HINTS[code]) ?? "";

/** Only the body of an answer with status 200 is read. */
const IN_THE_BODY: ReadonlySet<FailureKind> = new Set([
  "truncated",
  "oversized",
  "unusable",
  "unlisted",
  "illegal",
]);

/** The typed error for a failed request: what happened, where, and what to do about it. */
export function errorFromFailure(failure: RequestFailure, context: Context): InstanceMetadataError {
  const { step, attempts, endpoint } = context;
  const code =
    failure.kind === "status"
      ? codeOfStatus(failure.statusCode, step)
      : (CODES[failure.kind] ?? "INVALID_RESPONSE");
  const tries = attempts > 1 ? ` (tried ${attempts} times)` : "";
  const what =
    code === "ABORTED"
      ? `${SUBJECT[step]} was no longer wanted from ${endpoint}: the caller's signal was aborted.`
      : `${SUBJECT[step]} could not be read from ${endpoint}: ${failure.detail}${tries}.`;
  return new InstanceMetadataError(`${what} ${hint(code, step)}`.trimEnd(), {
    code,
    step,
    attempts,
    statusCode: IN_THE_BODY.has(failure.kind) ? 200 : failure.statusCode,
    cause: failure.cause,
  });
}

/** For a role name that somebody configured. */
export const WRONG_ROLE_NAME =
  "Correct or remove the role name (option roleName, AWS_EC2_INSTANCE_PROFILE_NAME or ec2_instance_profile_name), or attach an instance profile that contains a role of this name.";

/** Raised when no document can be had for a role, although metadata answers. */
export function noRoleError(
  what: string,
  endpoint: string,
  attempts: number,
  cure: string | undefined = HINTS.NO_ROLE_ATTACHED,
): InstanceMetadataError {
  const code = "NO_ROLE_ATTACHED";
  return new InstanceMetadataError(`${what} at ${endpoint}. ${cure}`, {
    code,
    step: "credentials",
    attempts,
    statusCode: 404,
  });
}

/** Every value that cannot be used is told, each in a sentence that names its source. */
export const invalidConfigurationError = (complaints: readonly string[]): InstanceMetadataError =>
  new InstanceMetadataError(complaints.join(" "), { code: "INVALID_CONFIGURATION", step: "token" });

export const imdsDisabledError = (endpoint: string | undefined): InstanceMetadataError =>
  new InstanceMetadataError(
    `The EC2 instance metadata service${endpoint === undefined ? "" : ` at ${endpoint}`} is switched off by the environment variable AWS_EC2_METADATA_DISABLED. Unset it to use the instance role.`,
    { code: "IMDS_DISABLED", step: "token" },
  );
