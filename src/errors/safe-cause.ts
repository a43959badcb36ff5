import { inspect, types } from "node:util";
import { printable } from "./printable.js";
import { systemCodeOf } from "./system-code.js";

/** In a test environment that has its own globals, as Jest's, Node's errors are no instances of `Error`. */
export const isError = (value: unknown): value is Error =>
  value instanceof Error || types.isNativeError(value);

const MAX_DEPTH = 5;

/** Whether an error has nothing but plain values and errors of that kind, as the system's own have. */
function isPlain(value: unknown, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((each) => isPlain(each, depth + 1));
  if (isError(value))
    return Reflect.ownKeys(value).every((key) => isPlain(Reflect.get(value, key), depth + 1));
  return typeof value !== "object" || value === null;
}

/**
 * An exception as the cause of an error: itself, unless it shows the secret or carries objects, such as a request with
 * its headers. Of such a one only name, message and code are kept, or nothing.
 */
export function safeCause(exception: unknown, secret: string | undefined): unknown {
  const shows = (value: unknown) =>
    secret !== undefined &&
    inspect(value, { depth: 10, showHidden: true, maxStringLength: null }).includes(secret);
  if (isPlain(exception) && !shows(exception)) return exception;
  if (!isError(exception) || shows(exception.message)) return undefined;
  const copy = new Error(printable(exception.message));
  copy.name = exception.name;
  const code = systemCodeOf(exception);
  return code !== undefined && !shows(code) ? Object.assign(copy, { code }) : copy;
}
