/** Why a value cannot be used: it has the wrong type or form, or it is a number out of range. */
interface Complaint {
  readonly kind: "type" | "range";
  /** Continues a sentence that begins with the setting: "must be …". It never quotes the value. */
  readonly text: string;
}

/** Returns a complaint, or undefined for a good value. */
export type Validator = (value: unknown) => Complaint | undefined;

/** One validator for each option of `O`. */
export type Validators<O> = { readonly [K in keyof Required<O>]: Validator };

export const MAX_MS: number = 2 ** 31 - 1;
export const MAX_SECONDS: number = Math.floor(MAX_MS / 1000);

const complaint = (kind: Complaint["kind"], text: string): Complaint => ({ kind, text });

/** A number above 0, or from 0 on where `min` is given. */
export const amount =
  (unit: string, max: number, min?: 0): Validator =>
  (value) => {
    if (typeof value !== "number") return complaint("type", `must be a number of ${unit}`);
    if ((value > 0 || value === min) && value <= max) return undefined;
    return complaint(
      "range",
      `must be ${min === 0 ? "from 0 to" : "more than 0 and at most"} ${max} ${unit}`,
    );
  };

export const wholeNumber =
  (min: number, max: number): Validator =>
  (value) => {
    if (typeof value !== "number") return complaint("type", "must be a number");
    if (Number.isInteger(value) && value >= min && value <= max) return undefined;
    return complaint("range", `must be a whole number from ${min} to ${max}`);
  };

/** A string that is not empty, and about which `problem` has nothing to say. */
export const text =
  (problem: (text: string) => string | undefined = () => undefined): Validator =>
  (value) => {
    if (typeof value !== "string" || value === "") return complaint("type", "must be a non-empty string");
    const found = problem(value);
    return found === undefined ? undefined : complaint("type", found);
  };

export const flag: Validator = (value) =>
  typeof value === "boolean" ? undefined : complaint("type", "must be true or false");

export const logger: Validator = (value) =>
  ((typeof value === "object" && value !== null) || typeof value === "function") &&
  ["debug", "info", "warn", "error"].every((level) => typeof Reflect.get(value, level) === "function")
    ? undefined
    : complaint("type", "must have the methods debug, info, warn and error, like console");

export const nonEmptyString: Validator = text();

export const callback: Validator = (value) =>
  typeof value === "function" ? undefined : complaint("type", "must be a function");

/**
 * A copy of the options that were given, inherited ones included. For every function of this library that takes
 * options. No value is quoted in an error: an endpoint may hold a password.
 *
 * @throws TypeError that names the option: its value has the wrong type or form, or its name differs from a known
 * option in case only. RangeError that names the option: a number out of range.
 */
export function checkOptions<O extends object>(
  options: O,
  validators: Readonly<Record<string, Validator>>,
): O {
  if (typeof options !== "object" || options === null) throw new TypeError("options must be an object");
  refuseWrongCase(options, Object.keys(validators));
  const given: Record<string, unknown> = {};
  for (const [name, validate] of Object.entries(validators)) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined) continue;
    const found = validate(value);
    if (found?.kind === "range") throw new RangeError(`${name} ${found.text}`);
    if (found) throw new TypeError(`${name} ${found.text}`);
    given[name] = value;
  }
  return given as O;
}

/** `rolename` would be ignored without a word, and the program would run with another role than its author meant. */
function refuseWrongCase(options: object, known: readonly string[]): void {
  const byLowerCase = new Map(known.map((name) => [name.toLowerCase(), name]));
  for (const name of namesIn(options)) {
    const meant = byLowerCase.get(name.toLowerCase());
    if (meant !== undefined && meant !== name)
      throw new TypeError(`${name} is not an option; did you mean ${meant}?`);
  }
}

/** Own and inherited names, the getters of a class included. */
function namesIn(options: object): string[] {
  const names: string[] = [];
  for (
    let one: object | null = options;
    one !== null && one !== Object.prototype;
    one = Reflect.getPrototypeOf(one)
  )
    names.push(...Object.getOwnPropertyNames(one));
  return names;
}
