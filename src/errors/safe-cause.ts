import { inspect, types } from "node:util";
import { printable } from "./printable.js";

/** In a test environment that has its own globals, as Jest's, Node's errors are no instances of `Error`. */
export const isError = (value: unknown): value is Error =>
  value instanceof Error || types.isNativeError(value);

const isPlain = (value: unknown): boolean => typeof value !== "object" || value === null;

/**
 * An exception as the cause of an error: itself, unless it shows the secret or carries objects, such as a request with
 * its headers. Of such a one only name and message are kept, or nothing.
 */
export function safeCause(exception: unknown, secret: string | undefined): unknown {
  const shows = (value: unknown) =>
    secret !== undefined &&
    inspect(value, { depth: 10, showHidden: true, maxStringLength: null }).includes(secret);
  if (!isError(exception)) return isPlain(exception) && !shows(exception) ? exception : undefined;
  const carriesObjects =
    !Object.values(exception).every(isPlain) || !(isPlain(exception.cause) || isError(exception.cause));
  if (!carriesObjects && !shows(exception)) return exception;
  if (shows(exception.message)) return undefined;
  const copy = new Error(printable(exception.message));
  copy.name = exception.name;
  return copy;
}
