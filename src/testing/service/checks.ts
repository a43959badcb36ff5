import type { MockFaultMode, MockStep } from "../types.js";

export const STEPS: readonly MockStep[] = ["token", "role", "credentials", "metadata", "other"];
export const MODES: readonly MockFaultMode[] = ["reset", "hang", "drip", "truncate"];

export const MAX_SECONDS: number = 2 ** 31 - 1;

const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));

/** Throws the `TypeError` that names an argument. */
export function refuse(name: string, must: string, value: unknown): never {
  throw new TypeError(`${name} must be ${must}, not ${shown(value)}`);
}

/** Refuses what is not an object, and unknown names: a misspelt one would have no effect, unnoticed. */
export function checkNames(name: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(name, "an object", value);
  for (const key of Object.keys(value)) {
    if (!known.includes(key))
      throw new TypeError(
        `${name}.${key} is unknown; there ${known.length > 0 ? `are ${known.join(", ")}` : "is none"}`,
      );
  }
}

export function checkNumber(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  return refuse(name, `a number from ${min} to ${max}`, value);
}

export function checkWholeNumber(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  return refuse(name, `a whole number from ${min} to ${max}`, value);
}

/** A whole number, or `Infinity`. */
export function checkCount(name: string, value: unknown, min: number): number {
  if (value === Infinity) return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value;
  return refuse(name, `a whole number of at least ${min}, or Infinity`, value);
}

export function checkText(name: string, value: unknown): string {
  return typeof value === "string" && value !== ""
    ? value
    : refuse(name, "a string that is not empty", value);
}

export function checkPattern(name: string, value: unknown, pattern: RegExp, must: string): string {
  return typeof value === "string" && pattern.test(value) ? value : refuse(name, must, value);
}

export function checkOneOf<T>(name: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  return found ?? refuse(name, `one of ${allowed.map(shown).join(", ")}`, value);
}

/** What IAM allows as the name of a role. */
export function checkRoleName(name: string, value: unknown): string {
  const legal = typeof value === "string" && /^[\w+=,.@-]{1,64}$/.test(value) && !/^\.\.?$/.test(value);
  return legal ? value : refuse(name, "a role's name: 1 to 64 letters, digits and +=,.@_-", value);
}
