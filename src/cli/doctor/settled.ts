import type { InstanceMetadataError } from "../../errors/instance-metadata-error.js";
import { asError } from "./findings.js";

/** How a read ended. */
export type Settled<T> = { readonly value: T } | { readonly error: InstanceMetadataError };

export const settled = <T>(work: Promise<T>): Promise<Settled<T>> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: asError(error) }),
  );

/**
 * A read that failed for the same reason as the credentials is not a finding of its own. An invalid response is one,
 * because it concerns this path alone.
 */
export const isRepeated = (read: Settled<unknown>, credentials: Settled<unknown>): boolean =>
  "error" in read &&
  "error" in credentials &&
  read.error.code === credentials.error.code &&
  read.error.code !== "INVALID_RESPONSE";
