import type { InstanceMetadataErrorCode } from "./instance-metadata-error.js";
import { printable } from "./printable.js";
import { isError, safeCause } from "./safe-cause.js";
import { systemCodeOf } from "./system-code.js";

/** What a failure is called to users, and how often another attempt follows: as often as set, once, or never. */
interface Consequence {
  readonly code: InstanceMetadataErrorCode;
  readonly retried: "always" | "once" | "never";
}

/** How one attempt can fail, apart from a status that is an error: its code depends on the status and the step. */
type FailureWithoutStatus =
  | "connection-refused"
  /** No route, no such host, not permitted, TLS failed. */
  | "unreachable"
  /** The name server did not answer. */
  | "name-lookup"
  | "connect-timeout"
  /** The connection was closed before a response began. */
  | "connection-reset"
  /** No file descriptor or buffer left. */
  | "shortage"
  /** Code that has taken the place of Node's threw an exception, as an APM agent may. */
  | "exception"
  /** Connected, but no complete response in time. */
  | "timeout"
  /** The caller's signal. */
  | "aborted"
  | "not-http"
  /** The response broke off. */
  | "truncated"
  /** The body is over its limit. */
  | "oversized"
  /** The body is not what it must be; another attempt may bring a better one. */
  | "malformed"
  /** The body holds what must not be used, such as an illegal token. */
  | "illegal"
  /** The role list names no role. */
  | "empty-list";

export type FailureKind = FailureWithoutStatus | "status";

const CONSEQUENCES: Readonly<Record<FailureWithoutStatus, Consequence>> = {
  "connection-refused": { code: "IMDS_UNREACHABLE", retried: "never" },
  unreachable: { code: "IMDS_UNREACHABLE", retried: "never" },
  "name-lookup": { code: "IMDS_UNREACHABLE", retried: "always" },
  // So that off EC2 a credential chain moves on soon.
  "connect-timeout": { code: "IMDS_UNREACHABLE", retried: "once" },
  "connection-reset": { code: "IMDS_UNREACHABLE", retried: "always" },
  shortage: { code: "IMDS_UNREACHABLE", retried: "always" },
  exception: { code: "IMDS_UNREACHABLE", retried: "never" },
  timeout: { code: "IMDS_TIMEOUT", retried: "always" },
  aborted: { code: "ABORTED", retried: "never" },
  "not-http": { code: "INVALID_RESPONSE", retried: "always" },
  truncated: { code: "INVALID_RESPONSE", retried: "always" },
  oversized: { code: "INVALID_RESPONSE", retried: "never" },
  malformed: { code: "INVALID_RESPONSE", retried: "always" },
  illegal: { code: "INVALID_RESPONSE", retried: "never" },
  "empty-list": { code: "NO_ROLE_ATTACHED", retried: "always" },
};

export const consequenceOf = (kind: FailureWithoutStatus): Consequence => CONSEQUENCES[kind];

/** The same in every copy of the library: those of one process share readers of metadata. */
const BRAND: unique symbol = Symbol.for("ec2-role-credentials.RequestFailure") as never;

/**
 * How one attempt failed: internal, and turned into an `InstanceMetadataError` before a caller sees it. `detail` is a
 * phrase of ours that never quotes a response.
 */
export class RequestFailure extends Error {
  readonly kind: FailureKind;
  readonly detail: string;
  readonly statusCode: number | undefined;

  constructor(kind: FailureKind, detail: string, more: { statusCode?: number; cause?: unknown } = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.kind = kind;
    this.detail = detail;
    this.statusCode = more.statusCode;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

Object.defineProperty(RequestFailure, Symbol.hasInstance, {
  value: (value: unknown) => typeof value === "object" && value !== null && BRAND in value,
});

/** The caller's signal ended it. */
export const abortedBy = (signal: AbortSignal | undefined): RequestFailure =>
  new RequestFailure("aborted", "the caller's signal", { cause: signal?.reason });

/** The body is not what it must be; another attempt may bring a better one. */
export const malformed = (detail: string): RequestFailure =>
  new RequestFailure("malformed", detail, { statusCode: 200 });

/** The body holds what must not be used. */
export const illegal = (detail: string): RequestFailure =>
  new RequestFailure("illegal", detail, { statusCode: 200 });

/** The service responded with a status that is an error. */
export const failedWith = (statusCode: number): RequestFailure =>
  new RequestFailure("status", `the service responded with status ${statusCode}`, { statusCode });

/** By Node's error code; any other code counts as unreachable. */
const KINDS: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: "connection-refused",
  ETIMEDOUT: "connect-timeout",
  ECONNRESET: "connection-reset",
  EPIPE: "connection-reset",
  ECONNABORTED: "connection-reset",
  EMFILE: "shortage",
  ENFILE: "shortage",
  ENOBUFS: "shortage",
  EAI_AGAIN: "name-lookup",
};

/**
 * Sorts what was thrown before a response began, by its error code.
 *
 * @param secret what the request was sent with; the cause must not show it.
 */
export function failureFromError(error: unknown, secret: string | undefined): RequestFailure {
  const code = systemCodeOf(error);
  // The parser's own error carries the bytes that it could not parse: dropped.
  if (code?.startsWith("HPE_")) return new RequestFailure("not-http", "the response is not HTTP");
  const cause = safeCause(error, secret);
  if (code !== undefined) {
    const detail = `the connection failed with ${code}`;
    return new RequestFailure(KINDS[code] ?? "unreachable", detail, { cause });
  }
  const thrown = isError(cause) ? ` (${printable(`${cause.name}: ${cause.message}`)})` : "";
  return new RequestFailure("exception", `sending the request threw an exception${thrown}`, { cause });
}
