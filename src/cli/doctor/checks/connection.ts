import type { InstanceMetadataError } from "../../../errors/instance-metadata-error.js";
import type { DoctorContext } from "../context.js";
import { type Finding, fail, failWith, ok } from "../findings.js";
import { connectionFix, endpointFix } from "../fixes.js";
import { isEc2Address } from "../sources.js";

/** Nothing answered at all. */
export const notConnected = (error: InstanceMetadataError, context: DoctorContext): Finding =>
  failWith("connection", error, connectionFix(error, context));

/** `answers` if it is known to be a metadata service. */
export function connected(kind: "accepts" | "answers", { settings }: DoctorContext): Finding {
  const { href } = settings.endpoint;
  return ok(
    "connection",
    kind === "answers"
      ? `The metadata service answers at ${href}.`
      : `A service accepts connections at ${href}.`,
  );
}

/** Some other server listens there. `evidence` continues "…: ". */
export function notMetadata(evidence: string, error: InstanceMetadataError, context: DoctorContext): Finding {
  const { endpoint } = context.settings;
  const message = `A server answers at ${endpoint.href}, but it is not an instance metadata service: ${evidence}.`;
  const fix = isEc2Address(endpoint)
    ? `Find the proxy or container that answers at ${endpoint.href} in the place of EC2's metadata service.`
    : endpointFix(context);
  return fail("connection", message, fix, error.code);
}
