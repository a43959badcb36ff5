import { systemCodeOf } from "./system-code.js";

/** How one attempt ended without a usable answer. */
export type FailureKind =
  /** Nobody listens there. */
  | "refused"
  /** No route, no such host, not permitted. */
  | "unroutable"
  /** No connection in time. */
  | "unconnected"
  /** The connection broke before an answer began. */
  | "reset"
  /** Connected, but no whole answer in time. */
  | "timeout"
  /** The caller's signal. */
  | "aborted"
  /** What came is not HTTP. */
  | "garbled"
  /** The answer broke off. */
  | "truncated"
  /** The body is over its cap. */
  | "oversized"
  /** The body is not what it must be; another attempt may bring a better one. */
  | "unusable"
  /** The role list names nobody. */
  | "unlisted"
  /** The body holds what must not be used, such as an illegal token. */
  | "illegal"
  /** An answer with a status other than 200. */
  | "status";

const BRAND: unique symbol = Symbol.for("ec2-role-credentials.RequestFailure") as never;

/**
 * One attempt's failure: internal, and turned into an `InstanceMetadataError` before it reaches anybody.
 * `detail` is a phrase of ours that never quotes what came over the wire.
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
  }
}

// Not inside the class, which build tools would rename for a reference to itself. By a brand, because the copies of the
// library in one process share readers of metadata.
Object.defineProperty(RequestFailure.prototype, BRAND, { value: true });
Object.defineProperty(RequestFailure, Symbol.hasInstance, {
  value: (value: unknown) => typeof value === "object" && value !== null && BRAND in value,
});

/** The caller's signal ended it. */
export const abortedBy = (signal: AbortSignal | undefined): RequestFailure =>
  new RequestFailure("aborted", "the caller's signal", { cause: signal?.reason });

/** By Node's code; what is not here leads nowhere. */
const KINDS: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "unconnected",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ECONNABORTED: "reset",
  EMFILE: "reset",
  ENFILE: "reset",
  ENOBUFS: "reset",
};

/** Sorts what the HTTP stack threw before an answer began, by its code. */
export function failureFromError(error: unknown): RequestFailure {
  const code = systemCodeOf(error);
  if (code === undefined || code.startsWith("HPE_")) {
    // The parser's own error carries the bytes that it stumbled over: dropped.
    return new RequestFailure("garbled", "what came back is not HTTP");
  }
  return new RequestFailure(KINDS[code] ?? "unroutable", `the connection failed with ${code}`, {
    cause: error,
  });
}
