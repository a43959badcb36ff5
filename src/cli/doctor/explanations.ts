import type { InstanceMetadataErrorCode } from "../../errors/instance-metadata-error.js";

/** What `doctor --explain CODE` prints: the section of docs/troubleshooting.md in short, word for word. */
export interface Explanation {
  readonly meaning: string;
  readonly fixes: readonly string[];
}

export const EXPLANATIONS: Readonly<Record<InstanceMetadataErrorCode, Explanation>> = {
  IMDS_DISABLED: {
    meaning: "The environment variable AWS_EC2_METADATA_DISABLED is true, so no request is sent.",
    fixes: ["Unset the variable where the instance role is wanted. Images for other platforms often set it."],
  },
  IMDS_UNREACHABLE: {
    meaning:
      "Could not connect to the metadata service: connection refused, no route to host, connect timeout (tried at most twice), host name not resolved, TLS handshake failed, or connection closed before a response.",
    fixes: [
      "Not on EC2: use other credentials, or set AWS_EC2_METADATA_DISABLED=true to avoid the delay.",
      "On EC2: a firewall rule, a Kubernetes network policy or the network of a container blocks 169.254.169.254. Allow it, or use the host's network.",
      'With endpointMode: "IPv6": enable the IPv6 endpoint of the instance, which must be a Nitro instance.',
      "With an endpoint of your own: check that a service listens there, and whether it speaks http or https.",
      "If the message names EMFILE: close files and connections that are left open, or raise the limit (ulimit -n).",
      "If the message names a package: install the dependencies again, or check the bundler's settings.",
    ],
  },
  IMDS_TIMEOUT: {
    meaning:
      "A connection was made, but no complete response arrived within the timeout (1000 ms for one attempt by default).",
    fixes: [
      "At the token step in a Kubernetes pod or an ECS task: use its own role (EKS Pod Identity, IRSA, the task role).",
      "At the token step in another container: raise the hop limit (HttpPutResponseHopLimit) of the instance to 2.",
      "Otherwise: find processes on the instance that read metadata in a loop, or raise the option timeout.",
    ],
  },
  IMDS_FORBIDDEN: {
    meaning: "The response has status 403.",
    fixes: [
      "Access to instance metadata is disabled on the instance (HttpEndpoint: disabled): enable it.",
      "A proxy such as kube2iam refuses: give the pod a role there.",
    ],
  },
  TOKEN_REJECTED: {
    meaning: "The request for a session token got status 400, which EC2 answers only to a malformed request.",
    fixes: [
      "Check that the endpoint is a metadata service, and that no proxy drops the header X-aws-ec2-metadata-token-ttl-seconds.",
    ],
  },
  TOKEN_UNSUPPORTED: {
    meaning:
      "The request for a session token got status 404, 405, 410 or 501: the service does not support IMDSv2.",
    fixes: [
      "If the endpoint has a path: leave the path out. The library adds /latest/api/token to it.",
      "Update the service (an emulator or a proxy) to one that supports IMDSv2.",
      "If that is not possible: the option ec2MetadataV1Disabled: false allows IMDSv1, which is exposed to SSRF.",
    ],
  },
  UNAUTHORIZED: {
    meaning: "The response has status 401, and again with a new session token.",
    fixes: [
      "Find the proxy that drops or changes the header X-aws-ec2-metadata-token, or that spreads requests over several instances: a token is valid on its own instance only.",
    ],
  },
  NO_ROLE_ATTACHED: {
    meaning: "The metadata service answers, but there is no role, or none with the configured name.",
    fixes: [
      "Attach an instance profile that contains a role.",
      "If a profile is attached that contains no role: add the role to the profile.",
      "If a role name is configured: it must be that of the role, which is not always that of the profile.",
      "Just after boot or after attaching the profile, it can take a few seconds: waitForRoleSeconds: 30 retries meanwhile.",
    ],
  },
  ROLE_NOT_ASSUMABLE: {
    meaning:
      "EC2 could not obtain credentials for the role. The message gives EC2's reason, such as AssumeRoleUnauthorizedAccess.",
    fixes: [
      "The role's trust policy must let ec2.amazonaws.com assume it, and no policy of the organization may deny it.",
      "If the role was deleted and created again with the same name: detach the instance profile and attach it again.",
    ],
  },
  THROTTLED: {
    meaning: "The response has status 429 or 503, after all retries.",
    fixes: [
      "Find processes that read metadata in a loop or do not cache credentials: the limit is the instance's, so it can be any of them.",
    ],
  },
  SERVER_ERROR: {
    meaning:
      "The response has another 5xx status, after all retries, or a status that a metadata service does not use, such as a redirect.",
    fixes: ["Check that the endpoint is a metadata service. If it is, the failure usually passes."],
  },
  INVALID_RESPONSE: {
    meaning:
      "The response cannot be used: not HTTP, not JSON, cut short, too large, a field missing or of a wrong type, an invalid date, or a session token or role name with illegal characters.",
    fixes: [
      "Check what answers at the endpoint: the login page of a network, a wrong port or a proxy that changes responses looks like this.",
    ],
  },
  NOT_FOUND: {
    meaning: "InstanceMetadataClient was asked for a path that does not exist.",
    fixes: [
      "Give the complete path, such as /latest/meta-data/instance-id.",
      "Some paths exist only if they are enabled or used: instance tags, user data, iam/info.",
    ],
  },
  INVALID_CONFIGURATION: {
    meaning:
      "A setting from the environment or the shared files is not valid. The message names each variable, or file and section, its value and what it may be.",
    fixes: ["Correct or remove the setting. An option in the code overrides it."],
  },
  ABORTED: {
    meaning: "The AbortSignal that was given to the call was aborted. Its reason is the cause of the error.",
    fixes: ["Nothing, if that was intended. For a time limit alone, use the options timeout and maxRetries."],
  },
};
