import { ENDPOINT_MODES } from "../../config/endpoint.js";
import type { InstanceMetadataError } from "../../errors/instance-metadata-error.js";
import { systemCodeOf } from "../../errors/system-code.js";
import { setMetadataOptions } from "./aws-commands.js";
import type { DoctorContext } from "./context.js";
import type { Container } from "./machine.js";
import { isEc2Address, isMode, nameOf, removalOf } from "./sources.js";

/** How to correct the endpoint, which is not EC2's. */
export function endpointFix({ resolved: { endpoint } }: DoctorContext): string {
  const { href, basePath } = endpoint.value;
  const name = nameOf(endpoint.from);
  if (basePath !== "") {
    const withoutPath = href.slice(0, -basePath.length);
    return `The endpoint ${href} (${name}) has a path, to which the library adds /latest/…: use ${withoutPath}, or ${removalOf(endpoint.from)}.`;
  }
  return endpoint.from.kind === "option"
    ? `Correct ${name}, or leave it out.`
    : `Correct the endpoint ${href} (${name}). If you did not set it on purpose, ${removalOf(endpoint.from)}.`;
}

/** Where a container gets a role of its own, which is better than its host's. */
const OWN_ROLE: Readonly<Record<Container, string>> = {
  "Kubernetes pod":
    "Give the pod a role of its own with EKS Pod Identity or IRSA, and use the SDK's default chain.",
  "ECS task": "Give the task a task role, and use the SDK's default chain.",
  "Lambda function":
    "Use the function's own role: the SDK's default chain finds it. Lambda has no instance metadata.",
  container: "",
};

function ownRole({ machine: { container, hasOwnRole } }: DoctorContext): string {
  if (container === undefined) return "";
  if (hasOwnRole && container !== "Lambda function")
    return `Use the role that this ${container} has, with the SDK's default chain.`;
  return OWN_ROLE[container];
}

const joined = (...sentences: readonly string[]): string => sentences.filter((one) => one !== "").join(" ");

/** What to do when no connection to the metadata service can be made. */
export function connectionFix(error: InstanceMetadataError, context: DoctorContext): string {
  const { endpoint } = context.resolved;
  const { href, protocol } = endpoint.value;
  const code = systemCodeOf(error.cause);
  if (code === "EMFILE" || code === "ENFILE")
    return "Close files or connections that are left open, or raise the limit: ulimit -n.";
  if (!isEc2Address(endpoint.value)) {
    if (protocol === "https:" && isTls(code))
      return isCertificate(code)
        ? `Trust the endpoint's certificate with NODE_EXTRA_CA_CERTS, or use ${href.replace("https:", "http:")}.`
        : `Use ${href.replace("https:", "http:")}: EC2's metadata service speaks http only.`;
    if (protocol === "http:" && (code === "ECONNRESET" || code === "EPIPE"))
      return joined(
        `If the service at ${href} speaks https, use ${href.replace("http:", "https:")}.`,
        endpointFix(context),
      );
    const isLocal = /^(127\.|localhost$|::1$)/.test(endpoint.value.hostname);
    return isLocal
      ? `If ${href} is a mocked metadata service, start it. If you did not set the endpoint on purpose, ${removalOf(endpoint.from)}.`
      : endpointFix(context);
  }
  if (href === ENDPOINT_MODES.ipv6) {
    const alternative = isMode(endpoint.from) ? `To use IPv4, ${removalOf(endpoint.from)}.` : "";
    const options = "--http-protocol-ipv6 enabled --http-endpoint enabled";
    return joined(
      alternative,
      setMetadataOptions("To use IPv6 on a Nitro instance, enable it", context.target, options),
    );
  }
  const { container, instance } = context.machine;
  if (container !== undefined && container !== "container")
    return joined(
      ownRole(context),
      container === "Lambda function"
        ? ""
        : `To use the instance's role, let the ${container} reach ${href}: check its network policy, or use the host's network.`,
    );
  if (instance)
    return `Something on this instance blocks ${href}: check its firewall (iptables, nftables) and its routes.`;
  const onEc2 =
    container === undefined
      ? ""
      : `If the host is an EC2 instance, let the container reach ${href}: check its network, or use the host's.`;
  return joined(
    onEc2,
    "If this is not an EC2 instance, use other credentials here, or a mocked metadata service (ec2-role-credentials mock). To avoid the delay, set AWS_EC2_METADATA_DISABLED=true.",
  );
}

const isCertificate = (code = ""): boolean => /CERT|^UNABLE_TO_/.test(code);

const isTls = (code = ""): boolean => isCertificate(code) || /^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code);

/** What to do about an error of a service that can be reached. */
export function fixFor(error: InstanceMetadataError, context: DoctorContext): string {
  const { code, step } = error;
  const { settings, resolved } = context;
  if (step === "token") return tokenFix(error, context);
  switch (code) {
    case "IMDS_UNREACHABLE":
      return connectionFix(error, context);
    case "IMDS_FORBIDDEN":
      return "A proxy such as kube2iam refuses the role's credentials: give this pod a role there.";
    case "IMDS_TIMEOUT":
      return `Find processes on this instance that read metadata in a loop, or allow more time: the timeout is ${settings.timeoutMs} ms (${nameOf(resolved.timeoutMs.from)}).`;
    case "THROTTLED":
      return READS_IN_A_LOOP;
    case "SERVER_ERROR":
      return `Run the doctor again in a minute. If a proxy or an emulator answers at ${settings.endpoint.href}, read its log.`;
    case "UNAUTHORIZED":
      return "Find the proxy between this machine and the metadata service that drops the header X-aws-ec2-metadata-token, or that spreads requests over several instances.";
    default:
      return `Find what answers at ${settings.endpoint.href} in the place of EC2's metadata service, such as a proxy.`;
  }
}

const READS_IN_A_LOOP =
  "Find processes on this instance that read metadata in a loop: the limit is the instance's, not this process's.";

/** Until there is a token, it is in doubt that an endpoint that was set is a metadata service. */
function tokenFix(error: InstanceMetadataError, context: DoctorContext): string {
  const { target, settings } = context;
  const isOwnEndpoint = !isEc2Address(settings.endpoint);
  const endpoint = isOwnEndpoint ? endpointFix(context) : "";
  switch (error.code) {
    case "IMDS_UNREACHABLE":
      return connectionFix(error, context);
    case "IMDS_FORBIDDEN":
      return joined(
        endpoint,
        setMetadataOptions(
          isOwnEndpoint
            ? "If it leads to EC2's metadata service, enable access to instance metadata"
            : "Enable access to instance metadata",
          target,
          "--http-endpoint enabled",
        ),
      );
    case "IMDS_TIMEOUT":
      return joined(
        endpoint,
        ownRole(context),
        setMetadataOptions(
          `${isOwnEndpoint ? "If it leads to EC2's metadata service and this is" : "In"} a container on a bridge network, raise the hop limit (HttpPutResponseHopLimit) of the instance to 2`,
          target,
          "--http-put-response-hop-limit 2 --http-endpoint enabled",
        ),
      );
    case "THROTTLED":
      return READS_IN_A_LOOP;
    default:
      return isOwnEndpoint
        ? endpoint
        : `Find what answers at ${settings.endpoint.href} in the place of EC2's metadata service, such as a proxy.`;
  }
}
