import type {
  InstanceMetadataErrorCode,
  InstanceMetadataErrorDetails,
  InstanceMetadataStep,
} from "./instance-metadata-error.js";
import { InstanceMetadataError } from "./instance-metadata-error.js";
import { consequenceOf, failedWith, type RequestFailure } from "./request-failure.js";
import { systemCodeOf } from "./system-code.js";

/** The request that an error is about. */
export interface RequestContext {
  readonly step: InstanceMetadataStep;
  readonly path: string;
  readonly attempts: number;
  readonly endpoint: {
    /** Without user info. */
    readonly href: string;
    /** Empty if the endpoint has no path. */
    readonly basePath: string;
  };
}

function subject({ step, path }: RequestContext): string {
  if (step === "token") return "the session token";
  if (step === "role") return "the name of the instance role";
  if (step === "credentials") return "the credentials of the instance role";
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

function codeOfStatus(status: number | undefined, step: InstanceMetadataStep): InstanceMetadataErrorCode {
  if (status === 403) return "IMDS_FORBIDDEN";
  if (status === 429 || status === 503) return "THROTTLED";
  if (step === "token") {
    if (status === 400) return "TOKEN_REJECTED";
    return [404, 405, 410, 501].includes(status ?? 0) ? "TOKEN_UNSUPPORTED" : "SERVER_ERROR";
  }
  if (status === 401) return "UNAUTHORIZED";
  if (status !== 404) return "SERVER_ERROR";
  return step === "metadata" ? "NOT_FOUND" : "NO_ROLE_ATTACHED";
}

const ATTACH = "Attach an instance profile that contains a role to this instance.";

const NOT_ON_EC2 =
  "Either this is not an EC2 instance, or metadata is blocked by a firewall or a container network.";

const HINTS: Readonly<Record<InstanceMetadataErrorCode, string>> = {
  IMDS_DISABLED: "Unset it to use the instance role.",
  IMDS_UNREACHABLE: NOT_ON_EC2,
  IMDS_TIMEOUT:
    "The metadata service is slow or overloaded; the option timeout sets how long one attempt may take.",
  IMDS_FORBIDDEN: "Metadata access is switched off on this instance, or a proxy such as kube2iam refuses it.",
  TOKEN_REJECTED:
    "The service rejected the request for a token; check that the endpoint is an EC2 metadata service.",
  TOKEN_UNSUPPORTED:
    "The service has no IMDSv2 tokens; the option ec2MetadataV1Disabled: false allows IMDSv1, which is less safe.",
  UNAUTHORIZED:
    "A new session token was rejected too, or none was issued; check what is between this process and the metadata service.",
  NO_ROLE_ATTACHED: ATTACH,
  ROLE_NOT_ASSUMABLE: "The role's trust policy must let ec2.amazonaws.com assume it.",
  THROTTLED: "This instance sends too many requests; check for other processes that read metadata in a loop.",
  SERVER_ERROR: "The metadata service fails, or the endpoint is not a metadata service.",
  INVALID_RESPONSE:
    "Check that the endpoint is an EC2 metadata service and that no proxy rewrites its responses.",
  // The path need not be the caller's: instanceId() and others have their own.
  NOT_FOUND:
    "The service has nothing there. A path must be complete, such as /latest/meta-data/instance-id, and some exist only when set up, as iam/info with an instance profile.",
  INVALID_CONFIGURATION: "",
  ABORTED: "",
};

const TOKEN_TIMEOUT =
  "In a container, raise the instance's metadata response hop limit to 2. In a Kubernetes pod or an ECS task, prefer its own role (IRSA, EKS Pod Identity, the task role).";

const NO_DESCRIPTOR = "Find out what keeps files or connections open in this process.";

const HTTP_OR_HTTPS = "Check whether the endpoint speaks http or https; EC2's metadata service speaks http.";

/** OpenSSL's and Node's codes for a TLS handshake that failed. */
const isTlsCode = (code: string | undefined): boolean =>
  code !== undefined && /^EPROTO$|^ERR_(SSL|TLS)_|CERT|^UNABLE_TO_/.test(code);

function hintFor(code: InstanceMetadataErrorCode, failure: RequestFailure, context: RequestContext): string {
  const { step, endpoint } = context;
  if (code === "IMDS_TIMEOUT" && step === "token") return TOKEN_TIMEOUT;
  if (step === "token" && endpoint.basePath !== "" && (failure.statusCode ?? 200) !== 200) {
    return `The endpoint has the path ${endpoint.basePath}, to which the library adds ${context.path}: give it without a path, unless the service is really there.`;
  }
  if (failure.kind === "not-http") return `${HINTS[code]} ${HTTP_OR_HTTPS}`;
  if (code !== "IMDS_UNREACHABLE") return HINTS[code];
  if (failure.kind === "shortage") return NO_DESCRIPTOR;
  if (failure.kind === "exception")
    return "Something in this process replaces Node's http module, such as an APM agent, and fails.";
  if (failure.kind === "name-lookup") return "The host name of the endpoint could not be resolved.";
  const systemCode = systemCodeOf(failure.cause);
  if (systemCode === "ENOTFOUND") return "There is no host of this name; check the endpoint.";
  if (!isTlsCode(systemCode)) return NOT_ON_EC2;
  return /CERT|^UNABLE_TO_|^ERR_TLS_/.test(systemCode ?? "")
    ? "The certificate of the endpoint is not trusted, or is for another name."
    : HTTP_OR_HTTPS;
}

/** The error for a failed request: what happened, where, and what to do about it. */
export function errorFromFailure(failure: RequestFailure, context: RequestContext): InstanceMetadataError {
  const { step, attempts, endpoint } = context;
  const code =
    failure.kind === "status" ? codeOfStatus(failure.statusCode, step) : consequenceOf(failure.kind).code;
  const details = { code, step, attempts, statusCode: failure.statusCode, cause: failure.cause };
  const what = `Reading ${subject(context)} from ${endpoint.href}`;
  if (code === "ABORTED")
    return new InstanceMetadataError(`${what} was aborted by the caller's signal.`, details);
  const tries = attempts > 1 ? ` (tried ${attempts} times)` : "";
  const hint = hintFor(code, failure, context);
  return new InstanceMetadataError(`${what} failed: ${failure.detail}${tries}. ${hint}`, details);
}

/** The error for a response with a status other than 200 that is not retried. */
export const errorFromStatus = (status: number, context: RequestContext): InstanceMetadataError =>
  errorFromFailure(failedWith(status), context);

/** For a value that is at none of several paths. */
export const metadataMissing = (
  paths: readonly string[],
  { step, attempts, endpoint }: RequestContext,
): InstanceMetadataError =>
  new InstanceMetadataError(`The metadata service at ${endpoint.href} has neither ${paths.join(" nor ")}.`, {
    code: "NOT_FOUND",
    step,
    attempts,
    statusCode: 404,
  });

const missingCredentials = (attempts: number): InstanceMetadataErrorDetails => ({
  code: "NO_ROLE_ATTACHED",
  step: "credentials",
  attempts,
  statusCode: 404,
});

/** `setting` says where the name comes from, as a part of a sentence. */
export const configuredRoleMissing = (
  { roleName, setting }: { roleName: string; setting: string },
  { attempts, endpoint }: RequestContext,
): InstanceMetadataError =>
  new InstanceMetadataError(
    `The configured role ${roleName} (${setting}) was not found at ${endpoint.href}. Correct or remove the role name, or attach an instance profile that contains a role of this name.`,
    missingCredentials(attempts),
  );

export const listedRoleMissing = (
  roleName: string,
  { attempts, endpoint }: RequestContext,
): InstanceMetadataError =>
  new InstanceMetadataError(
    `The role ${roleName} is listed at ${endpoint.href} but has no credentials there, also after listing again. ${ATTACH}`,
    missingCredentials(attempts),
  );

/** `reason` comes from the service, without secrets. */
export const roleNotAssumable = (
  { roleName, reason }: { roleName: string; reason: string },
  { attempts, endpoint }: RequestContext,
): InstanceMetadataError =>
  new InstanceMetadataError(
    `EC2 could not obtain credentials for the role ${roleName} (${endpoint.href}): ${reason.replace(/\.+$/, "")}. ${HINTS.ROLE_NOT_ASSUMABLE}`,
    { code: "ROLE_NOT_ASSUMABLE", step: "credentials", attempts, statusCode: 200 },
  );

/** For a client's `region`: the same failure, in terms of the Region. */
export function regionNotFound(error: InstanceMetadataError): InstanceMetadataError {
  const { code, step, attempts, statusCode, cause } = error;
  const why = error.message.replace(/ \[[A-Z_]+\]$/, "");
  const instead =
    "Set AWS_REGION and use process.env.AWS_REGION ?? instanceRegion(), or give the client a fixed region.";
  const details = { code, step, attempts, statusCode, cause };
  return new InstanceMetadataError(
    `The Region of this instance could not be determined. ${why} ${instead}`,
    details,
  );
}

/** Each value that cannot be used has a sentence, which names its source. */
export const invalidConfigurationError = (complaints: readonly string[]): InstanceMetadataError =>
  new InstanceMetadataError(complaints.join(" "), { code: "INVALID_CONFIGURATION", step: "token" });

/** The environment switches metadata off. `endpoint` is where it would have been read, if that is known. */
export const imdsDisabledError = (endpoint: string | undefined): InstanceMetadataError =>
  new InstanceMetadataError(
    `The EC2 instance metadata service${endpoint === undefined ? "" : ` at ${endpoint}`} is switched off by the environment variable AWS_EC2_METADATA_DISABLED. ${HINTS.IMDS_DISABLED}`,
    { code: "IMDS_DISABLED", step: "token" },
  );

export const noFileDescriptorError = (cause: unknown): InstanceMetadataError =>
  new InstanceMetadataError(
    `This process has no file descriptor left to reach the metadata service with. ${NO_DESCRIPTOR}`,
    { code: "IMDS_UNREACHABLE", step: "token", cause },
  );

export const packageNotLoaded = (name: string, cause: unknown): InstanceMetadataError =>
  new InstanceMetadataError(
    `The package ${name}, which ec2-role-credentials needs, could not be loaded. Check that it is installed.`,
    { code: "IMDS_UNREACHABLE", step: "token", cause },
  );

/** For what a provider returned instead of credentials. No value is quoted. */
export const notCredentialsError = (field: string, expected: string): TypeError =>
  new TypeError(`The credentials provider did not return credentials: ${field} must be ${expected}.`);

/** For a provider that has not answered while credentials are cached. */
export const sourceTimeoutError = (ms: number): Error =>
  new Error(`The credentials provider did not answer within ${ms / 1000} seconds.`);

/** For a provider that rejected with something else than an error. */
export const noErrorRejection = (): Error =>
  new Error("The credentials provider rejected with a value that is not an Error.");

/** In the place of a provider's error whose message quotes a secret. */
export const withheldError = (name: string): Error =>
  new Error(
    `The credentials provider failed with ${name}; its message is withheld, because it repeats a secret.`,
  );
