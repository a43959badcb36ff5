/**
 * What went wrong, as a closed union. Decide by the code, never by the text of the message. Each code has an anchor of
 * the same name in `docs/troubleshooting.md`, and `npx ec2-role-credentials doctor --explain CODE` prints it in short.
 */
export type InstanceMetadataErrorCode =
  | "IMDS_DISABLED"
  | "IMDS_UNREACHABLE"
  | "IMDS_TIMEOUT"
  | "IMDS_FORBIDDEN"
  | "TOKEN_REJECTED"
  | "TOKEN_UNSUPPORTED"
  | "UNAUTHORIZED"
  | "NO_ROLE_ATTACHED"
  | "ROLE_NOT_ASSUMABLE"
  | "THROTTLED"
  | "SERVER_ERROR"
  | "INVALID_RESPONSE"
  | "NOT_FOUND"
  | "INVALID_CONFIGURATION"
  | "ABORTED";

/**
 * The step in which it went wrong: the session token's PUT, the role list, the role's credentials document, or any
 * other metadata path. An error raised before any request has the step that would have come first, and
 * `ABORTED` the step that was in progress.
 */
export type InstanceMetadataStep = "token" | "role" | "credentials" | "metadata";

/** What an {@link InstanceMetadataError} is made of, beside its message. */
export interface InstanceMetadataErrorDetails {
  /** What went wrong. */
  readonly code: InstanceMetadataErrorCode;
  /** The step in which it went wrong. */
  readonly step: InstanceMetadataStep;
  /** HTTP status of the response to the last attempt; none if the last attempt got no response. */
  readonly statusCode?: number | undefined;
  /** How often the failing request was sent; 0 if it never was. */
  readonly attempts?: number | undefined;
  /** What the system or the caller's signal gave as the reason. Only what cannot hold a secret. */
  readonly cause?: unknown;
}

/** What `JSON.stringify` makes of an {@link InstanceMetadataError}. */
export interface InstanceMetadataErrorJson {
  /** The name of the class. */
  readonly name: "InstanceMetadataError";
  /** The error's `code`. */
  readonly code: InstanceMetadataErrorCode;
  /** What happened, at which endpoint, and how to fix it. */
  readonly message: string;
  /** The step that failed. */
  readonly step: InstanceMetadataStep;
  /** How often the failing request was sent. */
  readonly attempts: number;
  /** The error's `statusCode`; missing if there is none. */
  readonly status?: number;
}

/** Without a version: `instanceof` holds across all copies of the library in a process. */
const BRAND: unique symbol = Symbol.for("ec2-role-credentials.InstanceMetadataError") as never;

const ENDS_THE_CHAIN: ReadonlySet<InstanceMetadataErrorCode> = new Set(["INVALID_CONFIGURATION", "ABORTED"]);

/**
 * The one error class of this library. Its message says what happened, at which endpoint and what to do about it, and
 * ends with its code in brackets. Neither the error nor its cause ever holds a session token, a key, a response body or
 * a request.
 *
 * `instanceof` holds across the ESM and the CommonJS copy of the library in one process.
 */
export class InstanceMetadataError extends Error {
  /** Always `"InstanceMetadataError"`. */
  override readonly name = "InstanceMetadataError";
  /** What went wrong; see {@link InstanceMetadataErrorCode}. */
  readonly code: InstanceMetadataErrorCode;
  /** The step in which it went wrong. */
  readonly step: InstanceMetadataStep;
  /**
   * Read by the credential chains of the AWS SDK: `true` lets the chain ask its next provider. `false` only for
   * `INVALID_CONFIGURATION` and `ABORTED`.
   */
  readonly tryNextLink: boolean;
  /** How often the failing request was sent; 0 if it never was. */
  readonly attempts: number;
  /** HTTP status of the response to the last attempt; undefined if the last attempt got no response. */
  declare readonly statusCode?: number;

  constructor(message: string, details: InstanceMetadataErrorDetails) {
    super(`${message} [${details.code}]`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.step = details.step;
    this.tryNextLink = !ENDS_THE_CHAIN.has(details.code);
    this.attempts = details.attempts ?? 0;
    if (details.statusCode !== undefined) this.statusCode = details.statusCode;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** What a log or an HTTP response needs. An `Error` has no `message` in JSON otherwise. */
  toJSON(): InstanceMetadataErrorJson {
    const { name, code, message, step, attempts, statusCode } = this;
    return { name, code, message, step, attempts, ...(statusCode !== undefined && { status: statusCode }) };
  }
}

// Outside of the class: a class that names itself inside is renamed by bundlers, and would be printed by that name.
Object.defineProperty(InstanceMetadataError, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    // A class that an application derives from this one inherits the method, and asks for its own instances.
    if (this !== InstanceMetadataError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && BRAND in value;
  },
});

export const codeOf = (error: unknown): InstanceMetadataErrorCode | undefined =>
  error instanceof InstanceMetadataError ? error.code : undefined;

/**
 * Makes the stack trace of an error lead to the caller that waited for it: where the error was made, in the middle of
 * a request, the stack does not reach the caller. Call it in an async function that the caller awaits.
 */
export function traceToCaller(error: unknown): void {
  if (error instanceof InstanceMetadataError) Error.captureStackTrace?.(error, traceToCaller);
}
