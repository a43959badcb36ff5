import type { InstanceMetadataError, InstanceMetadataErrorCode } from "../errors.js";
import type { Situation } from "./settings-findings.js";

const MODIFY = "aws ec2 modify-instance-metadata-options";

export const REQUIRE_TOKENS: string = `Require tokens: ${MODIFY} --http-tokens required --instance-id …`;

/** After these the endpoint itself is in doubt, if somebody named it. */
const DOUBTFUL: ReadonlySet<InstanceMetadataErrorCode> = new Set([
  "IMDS_UNREACHABLE",
  "TOKEN_REJECTED",
  "TOKEN_UNSUPPORTED",
  "SERVER_ERROR",
  "INVALID_RESPONSE",
]);

/** What to do here about an error of the metadata service; undefined if its message says all there is to say. */
export function cureFor({ code, phase }: InstanceMetadataError, situation: Situation): string | undefined {
  if (code === "IMDS_FORBIDDEN")
    return `Switch metadata access on: ${MODIFY} --http-endpoint enabled --instance-id …`;
  if (code === "IMDS_TIMEOUT" && phase === "token")
    return `Let the token reach a container: ${MODIFY} --http-put-response-hop-limit 2 --instance-id …`;
  return DOUBTFUL.has(code) ? endpointCure(situation, code) : undefined;
}

function endpointCure({ places }: Situation, code: InstanceMetadataErrorCode): string | undefined {
  const { endpoint, endpointMode } = places;
  switch (endpoint?.from) {
    case "option":
      return `Correct the address that ${endpoint.called} gives, or leave it out.`;
    case "environment":
      return `Unset ${endpoint.called} unless this endpoint is meant: it may be left over from a mocked metadata service.`;
    case "config file":
      return `Remove ${endpoint.called} from the shared config file unless this endpoint is meant.`;
    case undefined:
      return endpointMode && code === "IMDS_UNREACHABLE"
        ? `${endpointMode.called} chooses this address. If that is the IPv6 one, it must be switched on: ${MODIFY} --http-protocol-ipv6 enabled --http-endpoint enabled --instance-id …`
        : undefined;
  }
}
