import type { InstanceMetadataStep } from "../errors/instance-metadata-error.js";

const KIB = 1024;

/** The largest body of a response, in bytes, by what is read. */
export const MAX_BODY_BYTES: Readonly<Record<InstanceMetadataStep, number>> = {
  token: 64 * KIB,
  role: 64 * KIB,
  credentials: 64 * KIB,
  metadata: 1024 * KIB,
};
