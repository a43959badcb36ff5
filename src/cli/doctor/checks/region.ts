import type { InstanceMetadataError } from "../../../errors/instance-metadata-error.js";
import { type Finding, ok, warning } from "../findings.js";

const CHECK = "region";
const FIX = "Set AWS_REGION, or give each client a fixed region.";

export function checkRegion(region: string | InstanceMetadataError): Finding {
  if (typeof region !== "string")
    return {
      ...warning(CHECK, `The Region could not be determined. ${region.message}`, FIX),
      code: region.code,
    };
  if (/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) return ok(CHECK, `The instance is in ${region}.`);
  const message = "The metadata service gives a Region that does not look like one.";
  return { ...warning(CHECK, message, FIX), code: "INVALID_RESPONSE" };
}
