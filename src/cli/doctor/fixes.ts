import type { SettingSource } from "../../config/setting-source.js";
import type {
  InstanceMetadataError,
  InstanceMetadataErrorCode,
} from "../../errors/instance-metadata-error.js";
import type { Situation } from "./checks/settings.js";
import { isEc2Address, placeOf } from "./checks/settings.js";

const MODIFY = "aws ec2 modify-instance-metadata-options";

export const REQUIRE_TOKENS: string = `Once nothing here uses IMDSv1 (the CloudWatch metric MetadataNoToken stays 0), require tokens: ${MODIFY} --http-tokens required --instance-id …`;

/** After these the endpoint itself is in doubt, if somebody named it. */
const DOUBTFUL: ReadonlySet<InstanceMetadataErrorCode> = new Set([
  "IMDS_UNREACHABLE",
  "TOKEN_REJECTED",
  "TOKEN_UNSUPPORTED",
  "SERVER_ERROR",
  "INVALID_RESPONSE",
]);

/** What to do here about an error of the metadata service; undefined if its message says all there is to say. */
export function cureFor(error: InstanceMetadataError, situation: Situation): string | undefined {
  const { code } = error;
  const instanceCure = cureOfInstance(error);
  if (instanceCure === undefined) return DOUBTFUL.has(code) ? endpointCure(situation, code) : undefined;
  const named = isEc2Address(situation.settings.endpoint) ? undefined : endpointCure(situation, code);
  return named === undefined ? instanceCure : `${named} If it leads to EC2's: ${instanceCure}`;
}

function cureOfInstance({ code, step }: InstanceMetadataError): string | undefined {
  if (code === "IMDS_FORBIDDEN")
    return `Switch metadata access on: ${MODIFY} --http-endpoint enabled --instance-id …`;
  if (code === "IMDS_TIMEOUT" && step === "token")
    return `If this is a container, let the token reach it: ${MODIFY} --http-put-response-hop-limit 2 --instance-id …`;
  return undefined;
}

function endpointCure({ resolved }: Situation, code: InstanceMetadataErrorCode): string | undefined {
  const { from } = resolved.endpoint;
  const called = placeOf(from);
  if (from.kind === "default") return undefined;
  if (isEndpointMode(from))
    return code === "IMDS_UNREACHABLE"
      ? `${called} chooses this address. If that is the IPv6 one, it must be switched on: ${MODIFY} --http-protocol-ipv6 enabled --http-endpoint enabled --instance-id …`
      : undefined;
  if (from.kind === "option") return `Correct the address that ${called} gives, or leave it out.`;
  if (from.kind === "environment")
    return `Unset ${called} unless this endpoint is meant: it may be left over from a mocked metadata service.`;
  return `Remove ${called} unless this endpoint is meant.`;
}

const isEndpointMode = (from: SettingSource): boolean =>
  (from.kind === "environment" && from.variable.endsWith("_MODE")) ||
  ("key" in from && from.key.endsWith("_mode"));
