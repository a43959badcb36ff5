/**
 * What went wrong, as a closed union. Control flow reads the code, never the message text; each code has
 * an anchor of the same name in `docs/troubleshooting.md`.
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
 * The step in which it went wrong: the session token's PUT, the role list, the role's credentials document,
 * or any other metadata path. An error raised before any request carries the step that would have been first; `ABORTED`
 * that of what was to be read.
 */
export type InstanceMetadataStep = "token" | "role" | "credentials" | "metadata";

/** What an {@link InstanceMetadataError} is made of, beside its message. */
export interface InstanceMetadataErrorDetails {
  /** What went wrong. */
  readonly code: InstanceMetadataErrorCode;
  /** The step in which it went wrong. */
  readonly step: InstanceMetadataStep;
  /** HTTP status of the answer to the last attempt, if there was one. */
  readonly statusCode?: number | undefined;
  /** How often the failing request was sent; 0 when none was. */
  readonly attempts?: number | undefined;
  /** Only errors that cannot hold a secret: system errors and the caller's own abort reason. */
  readonly cause?: unknown;
}

const BRAND: unique symbol = Symbol.for("ec2-role-credentials.InstanceMetadataError") as never;

const ENDS_THE_CHAIN: ReadonlySet<InstanceMetadataErrorCode> = new Set(["INVALID_CONFIGURATION", "ABORTED"]);

/**
 * The one error class of this library. Its message says what happened, at which endpoint and what to do
 * about it, and ends with its code in brackets. Neither the error nor its cause ever holds a session token,
 * a key, a response body or a request.
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
   * Read by the credential chains of the AWS SDK: `true` lets the chain ask its next provider. `false` only
   * for `INVALID_CONFIGURATION` and `ABORTED`.
   */
  readonly tryNextLink: boolean;
  /** How often the failing request was sent; 0 when none was. */
  readonly attempts: number;
  /** HTTP status of the answer to the last attempt, if there was one. */
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

  /** Makes `instanceof` hold for errors of the other module format's copy too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a derived class inherits the method, and asks for its own instances
    if (this !== InstanceMetadataError) return super[Symbol.hasInstance](value);
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

export const codeOf = (error: Error | undefined): InstanceMetadataErrorCode | undefined =>
  error instanceof InstanceMetadataError ? error.code : undefined;
