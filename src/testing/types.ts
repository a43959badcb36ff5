import type { AwsCredentialIdentity } from "@smithy/types";
import type { HttpHandler } from "msw";

/**
 * What a request is for: the session token, the role list, the role's credentials document, any other path
 * below `/<version>/`, or anything else.
 */
export type MockStep = "token" | "role" | "credentials" | "metadata" | "other";

/**
 * How an answer goes wrong on its way: `"reset"` the connection is reset; `"hang"` it stays open and nothing
 * is ever sent; `"drip"` the headers, then one byte every 100 ms without end; `"truncate"` half of the body,
 * then the connection is closed.
 */
export type MockFaultMode = "reset" | "hang" | "drip" | "truncate";

/** Options of {@link createMockImds}. Every one may be left out. */
export interface MockImdsOptions {
  /** Name of the role that is attached, `"mock-role"` by default; `null`: no instance profile is attached. */
  roleName?: string | null | undefined;
  /**
   * Twelve digits. In the credentials document only when given here; where EC2 always names an account (the
   * identity document, ARNs) 123456789012 stands in.
   */
  accountId?: string | undefined;
  /** The Region, by default the one of `availabilityZone`, else `"us-east-1"`. */
  region?: string | undefined;
  /** By default the Region's zone `a`. */
  availabilityZone?: string | undefined;
  /** `"i-0a1b2c3d4e5f67890"` by default. */
  instanceId?: string | undefined;
  /** Instance tags; without them `tags/` answers 404, as on an instance where tags in metadata are off. */
  tags?: Readonly<Record<string, string>> | undefined;
  /** How long a set of credentials lives from the moment it is made, in whole seconds; 21600 by default. */
  credentialsTtlSeconds?: number | undefined;
  /**
   * A new set appears every so many seconds. By default one appears five minutes before the old one expires, as
   * on EC2, or when a quarter of its life is left if that is later (sets of less than 20 minutes).
   */
  rotateEverySeconds?: number | undefined;
  /** `true`: a read without a token is answered (IMDSv1); `false` by default: it is 401. */
  imdsV1?: boolean | undefined;
  /**
   * One more URL that `handlers` answer at, for clients with an endpoint of their own. They always answer at
   * both addresses of EC2 and at `AWS_EC2_METADATA_SERVICE_ENDPOINT`, read at each request, unless another mock
   * of this process listens there.
   */
  endpoint?: string | undefined;
}

/** What {@link MockImds.fail} takes. Without `status`, `body` and `mode` it is a status of 500. */
export interface MockFault {
  /** Which requests; `"any"` by default. */
  on?: MockStep | "any" | undefined;
  /** How many of them, 1 by default; `Infinity` until `reset()`. */
  times?: number | undefined;
  /** How many of them are answered as usual before, 0 by default. */
  after?: number | undefined;
  /** Status of the answer, 200 to 599; with a `body` or a `mode` the answer's own by default. */
  status?: number | undefined;
  /** Body of the answer, or a function that makes it of the true one (a wrong date, a missing field); 500 if that throws. */
  body?: string | ((body: string) => string) | undefined;
  /** What happens to the answer on its way. */
  mode?: MockFaultMode | undefined;
}

/** What {@link MockImds.throttle} takes. */
export interface MockThrottle {
  /** So many requests are answered within any second, the others are throttled; `Infinity` ends it. */
  perSecond: number;
  /** What the others get: a status, or nothing at all. */
  answer: 429 | 503 | "silence";
}

/** A request that the mock has seen. */
export interface MockRequest {
  /** `GET`, `PUT`, … */
  readonly method: string;
  /** As it was sent, with its query. */
  readonly path: string;
  /** Names in lower case. Session tokens are in here. */
  readonly headers: Readonly<Record<string, string>>;
  /** Status of the answer; 0 if there was none (a reset, a hang, silence). */
  readonly status: number;
  /** What it was for. */
  readonly step: MockStep;
}

/** What {@link MockImds.listen} takes. */
export interface MockListenOptions {
  /** A free one by default. */
  port?: number | undefined;
  /** `"127.0.0.1"` by default. */
  host?: string | undefined;
}

/** A mock that listens. */
export interface MockListener {
  /** The URL for `AWS_EC2_METADATA_SERVICE_ENDPOINT`, without a slash at its end. */
  readonly endpoint: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Ends every connection, also those that wait for an answer, and frees the port. */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A mocked instance metadata service; {@link createMockImds} makes it. Nonsense in any call is a `TypeError`. */
export interface MockImds {
  /**
   * Handlers for msw 2.12 or later: `setupServer(...imds.handlers)`. Nothing here loads msw; it is for the test to
   * install. What msw cannot express is told by the nearest that a client sees: after a reset, `fetch` gets
   * the status before its body fails with ECONNRESET (`node:http` gets no response, as from a socket); `fetch`
   * too sees a truncated body as an error rather than as a closed connection, and cannot be aborted within a body that drips.
   */
  readonly handlers: HttpHandler[];
  /** Listens on loopback, for clients in other processes and languages. Rejects if the port is in use. */
  listen(options?: MockListenOptions): Promise<MockListener>;
  /** What was asked since the last `reset()`, in order of arrival; the last 100,000. */
  readonly requests: readonly MockRequest[];
  /** The set served now; undefined while no role is attached or it cannot be assumed. */
  readonly credentials: AwsCredentialIdentity | undefined;
  /**
   * Serves a new set from now on, or the one given. A set that is given stays until `rotate`, `attachRole` or
   * `reset` is called, even when it has expired: `imds.rotate(imds.credentials)` freezes the one at hand.
   * Without an `expiration` it gets the usual lifetime; fractions of its second are cut off, as documents have none.
   * @returns the set as it is served
   */
  rotate(set?: AwsCredentialIdentity): AwsCredentialIdentity;
  /** Attaches a role, in place of another if there is one; it gets a new set of credentials at once. */
  attachRole(name: string): void;
  /**
   * Detaches the role. What is left is `"nothing"` (role list and `iam/info` answer 404), an `"empty profile"`
   * (an empty list; `iam/info` says that the profile contains no role) or a `"deleted profile"` (the list is
   * 404; `iam/info` has the code `InstanceProfileNotFound`).
   */
  detachRole(left?: "nothing" | "empty profile" | "deleted profile"): void;
  /** The role stays listed, but its document has the code `AssumeRoleUnauthorizedAccess` and this message. */
  denyAssumeRole(message?: string): void;
  /** Every session token handed out so far is answered 401. */
  expireTokens(): void;
  /** Switches metadata access off: everything is answered 403. */
  disable(): void;
  /** Switches it on again. */
  enable(): void;
  /** Makes requests fail; several faults are used up in the order they were given. */
  fail(fault: MockFault): void;
  /** Every answer (or those of one step) comes so many milliseconds later; 0 ends it. */
  delay(ms: number, on?: MockStep): void;
  /** Limits the requests a second. */
  throttle(limit: MockThrottle): void;
  /**
   * Back to the options, with a new set, no valid token, no fault and no request on record. Also clears the
   * credentials that the providers of this process share. Listeners stay open.
   */
  reset(): void;
}
