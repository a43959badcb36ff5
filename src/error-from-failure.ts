import type { InstanceMetadataErrorCode, InstanceMetadataPhase } from "./errors.js";
import { InstanceMetadataError } from "./errors.js";
import type { FailureKind, RequestFailure } from "./request-failure.js";

interface Context {
  readonly phase: InstanceMetadataPhase;
  readonly attempts: number;
  readonly endpoint: string;
}

const STEP: Readonly<Record<InstanceMetadataPhase, string>> = {
  token: "The session token",
  role: "The name of the instance role",
  credentials: "The credentials of the instance role",
  metadata: "Instance metadata",
};

function codeOf(
  { kind, statusCode }: RequestFailure,
  phase: InstanceMetadataPhase,
): InstanceMetadataErrorCode {
  switch (kind) {
    case "refused":
    case "unroutable":
    case "unconnected":
    case "reset":
      return "IMDS_UNREACHABLE";
    case "timeout":
      return "IMDS_TIMEOUT";
    case "aborted":
      return "ABORTED";
    case "garbled":
    case "truncated":
    case "oversized":
    case "unusable":
    case "illegal":
      return "INVALID_RESPONSE";
    case "unlisted":
      return "NO_ROLE_ATTACHED";
    case "status":
      return codeOfStatus(statusCode, phase);
  }
}

function codeOfStatus(status: number | undefined, phase: InstanceMetadataPhase): InstanceMetadataErrorCode {
  if (status === 403) return "IMDS_FORBIDDEN";
  if (status === 429 || status === 503) return "THROTTLED";
  if (phase === "token") {
    if (status === 400) return "TOKEN_REJECTED";
    return status === 404 || status === 405 ? "TOKEN_UNSUPPORTED" : "SERVER_ERROR";
  }
  if (status === 401) return "UNAUTHORIZED";
  if (status !== 404) return "SERVER_ERROR";
  return phase === "metadata" ? "NOT_FOUND" : "NO_ROLE_ATTACHED";
}

function hint(code: InstanceMetadataErrorCode, { phase }: Context): string {
  switch (code) {
    case "IMDS_UNREACHABLE":
      return "Is this not an EC2 instance, or is metadata blocked by a firewall or a container network?";
    case "IMDS_TIMEOUT":
      return phase === "token"
        ? "Inside a container, raise the instance's metadata response hop limit to 2."
        : "The metadata service is slow or overloaded; the option timeout sets how long one attempt may take.";
    case "IMDS_FORBIDDEN":
      return "Metadata access is switched off on this instance, or a proxy such as kube2iam refuses it.";
    case "TOKEN_REJECTED":
      return "The service did not accept the request for a token; is the endpoint an EC2 metadata service?";
    case "TOKEN_UNSUPPORTED":
      return "It knows no IMDSv2 tokens; the option ec2MetadataV1Disabled: false allows IMDSv1, which is less safe.";
    case "UNAUTHORIZED":
      return "It refused a new session token as well; is something between this process and the metadata service?";
    case "NO_ROLE_ATTACHED":
      return "Attach an instance profile that contains a role to this instance.";
    case "THROTTLED":
      return "Too many requests from this instance; look for other processes that read metadata in a loop.";
    case "SERVER_ERROR":
      return "The metadata service is in trouble or is not one; is the endpoint right?";
    case "INVALID_RESPONSE":
      return "Is the endpoint an EC2 metadata service, and is nothing rewriting its answers?";
    case "NOT_FOUND":
      return "Check the path, which must be given in full, such as /latest/meta-data/instance-id.";
    default:
      return "";
  }
}

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
  const { phase, attempts, endpoint } = context;
  const code = codeOf(failure, phase);
  const tries = attempts > 1 ? ` (tried ${attempts} times)` : "";
  const what =
    code === "ABORTED"
      ? `${STEP[phase]} was no longer wanted from ${endpoint}: the caller's signal was aborted.`
      : `${STEP[phase]} could not be read from ${endpoint}: ${failure.detail}${tries}.`;
  return new InstanceMetadataError(`${what} ${hint(code, context)}`.trimEnd(), {
    code,
    phase,
    attempts,
    statusCode: IN_THE_BODY.has(failure.kind) ? 200 : failure.statusCode,
    cause: failure.cause,
  });
}

/** Raised when no document can be had for a role, although metadata answers. */
export function noRoleError(what: string, endpoint: string, attempts: number): InstanceMetadataError {
  const code = "NO_ROLE_ATTACHED";
  const context: Context = { phase: "credentials", attempts, endpoint };
  return new InstanceMetadataError(`${what} at ${endpoint}. ${hint(code, context)}`, {
    ...context,
    code,
    statusCode: 404,
  });
}
