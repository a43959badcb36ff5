import { codeOf } from "../errors/instance-metadata-error.js";
import { noErrorRejection } from "../errors/messages.js";
import { printable, repeatsSecret } from "../errors/printable.js";
import type { Credentials } from "./cache-state.js";

/** The error of a refresh. */
export interface RefreshError extends Error {
  /** That of an `InstanceMetadataError`, or the one that another source's error has. */
  readonly code?: string | undefined;
}

/** By its shape: in a test environment that has globals of its own, Node's errors are no instances of `Error`. */
export const asError = (error: unknown): RefreshError =>
  typeof error === "object" && error !== null && "message" in error
    ? (error as RefreshError)
    : noErrorRejection();

/** Why a refresh failed, for a log line. The message of another provider's error might quote credentials. */
export function reasonOf(error: RefreshError, cached: Credentials | undefined): string {
  const { name, message } = error;
  const secrets = cached ? [cached.secretAccessKey, cached.sessionToken ?? ""] : [];
  if (repeatsSecret(message, secrets)) return `${name} (message withheld: it repeats a secret)`;
  return codeOf(error) === undefined ? printable(`${name}: ${message}`) : message;
}
