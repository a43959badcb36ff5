import { codeOf } from "../errors/instance-metadata-error.js";
import { noErrorRejection, withheldError } from "../errors/messages.js";
import { printable, repeatsSecret } from "../errors/printable.js";
import type { Credentials } from "./cache-state.js";

/** The error of a refresh. */
export interface RefreshError extends Error {
  /** That of an `InstanceMetadataError`, or the one that another source's error has. */
  readonly code?: string | undefined;
}

/** By its shape: in a test environment that has globals of its own, Node's errors are no instances of `Error`. */
export function asError(error: unknown): RefreshError {
  const isError = typeof error === "object" && error !== null && textOf(error, "message") !== undefined;
  return isError ? (error as RefreshError) : noErrorRejection();
}

/**
 * The error for the status and the log, which hold no secrets: the message of another provider's error might quote the
 * cached credentials. An `InstanceMetadataError` does not.
 */
export function withoutSecrets(error: RefreshError, cached: Credentials | undefined): RefreshError {
  if (codeOf(error) !== undefined) return error;
  const secrets = cached ? [cached.secretAccessKey, cached.sessionToken ?? ""] : [];
  return repeatsSecret(error.message, secrets) ? withheldError(nameOf(error)) : error;
}

/** Why a refresh failed, for a log line. */
export const reasonOf = (error: RefreshError): string =>
  codeOf(error) === undefined ? printable(`${nameOf(error)}: ${error.message}`) : error.message;

const nameOf = (error: RefreshError): string => textOf(error, "name") ?? "Error";

/** Undefined for anything but text, also where reading it throws: a source may reject with any value. */
function textOf(error: object, field: "name" | "message"): string | undefined {
  try {
    const text: unknown = Reflect.get(error, field);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
