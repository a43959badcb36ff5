import { inspect } from "node:util";
import { printable } from "./printable.js";

const isPlain = (value: unknown): boolean => typeof value !== "object" || value === null;

/**
 * An exception as the cause of an error: itself, unless it shows the secret or carries objects, such as a request with
 * its headers. Of such a one only name and message are kept, or nothing.
 */
export function safeCause(exception: unknown, secret: string | undefined): unknown {
  const shows = (value: unknown) =>
    secret !== undefined &&
    inspect(value, { depth: 10, showHidden: true, maxStringLength: null }).includes(secret);
  if (!(exception instanceof Error)) return isPlain(exception) && !shows(exception) ? exception : undefined;
  const carriesObjects =
    !Object.values(exception).every(isPlain) ||
    !(isPlain(exception.cause) || exception.cause instanceof Error);
  if (!carriesObjects && !shows(exception)) return exception;
  if (shows(exception.message)) return undefined;
  const copy = new Error(printable(exception.message));
  copy.name = exception.name;
  return copy;
}
