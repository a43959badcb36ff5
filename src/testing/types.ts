import type { AwsCredentialIdentity } from "@smithy/types";
import type { HttpHandler } from "msw";

/**
 * What a request is for: the session token, the role list, the role's credentials document, any other path
 * below `/<version>/`, or anything else.
 */
export type MockStep = "token" | "role" | "credentials" | "metadata" | "other";

/**
 * How the delivery of an answer fails: `"reset"` the connection is reset; `"hang"` it stays open and nothing
 * is ever sent; `"drip"` the headers, then one byte every 100 ms without end; `"truncate"` half of the body,
 * then the connection is closed.
 */
export type MockFaultMode = "reset" | "hang" | "drip" | "truncate";

/** What happens to a Spot Instance that is interrupted. */
export type MockSpotAction = "terminate" | "stop" | "hibernate";

/** Options of {@link createMockImds}. Each of them may be left out. */
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
  /** What `/latest/user-data` answers; without it that path is 404. */
  userData?: string | Uint8Array | undefined;
  /**
   * Content by path, for any path below `meta-data/` or `dynamic/`: added or replaced, or with `null` taken away
   * (a folder with all that is in it). `"placement/region"`, `"dynamic/instance-identity/document"` and
   * `"/latest/meta-data/placement/region"` are ways to write a path; it holds for all versions.
   */
  metadata?: Readonly<Record<string, string | Uint8Array | null>> | undefined;
  /** How long credentials live from the time they are issued, in whole seconds; 21600 by default. */
  credentialsTtlSeconds?: number | undefined;
  /**
   * New credentials are served every so many seconds. By default they are served five minutes before the old ones
   * expire, as on EC2, or when a quarter of their life is left if that is later (lifetimes under 20 minutes).
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
  /**
   * Only requests of this path: in full (`"/latest/meta-data/placement/region"`), or below `meta-data/` of any
   * version (`"placement/region"`). The query and a slash at the end do not count.
   */
  path?: string | undefined;
  /** How many of them, 1 by default; `Infinity` until `recover()` or `reset()`. */
  times?: number | undefined;
  /** How many of them are answered as usual first, 0 by default. */
  after?: number | undefined;
  /** Status of the answer, 200 to 599; with a `body` or a `mode` the answer's own by default. */
  status?: number | undefined;
  /**
   * Body of the answer, or a function that makes it of the original one (a wrong date, a missing field). If the
   * function throws, the answer is a 500 whose body says so.
   */
  body?: string | ((body: string) => string) | undefined;
  /** How the delivery of the answer fails. */
  mode?: MockFaultMode | undefined;
}

/** What {@link MockImds.throttle} takes. */
export interface MockThrottle {
  /** So many requests are answered within any second, the others are throttled; `Infinity` ends it. */
  perSecond: number;
  /** What the others get: a status, or nothing at all. */
  answer: 429 | 503 | "silence";
}

/**
 * A maintenance event, what {@link MockImds.scheduleMaintenance} takes. Each field may be left out. Times are a `Date`
 * or an ISO 8601 string.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_scheduled_events.html
 */
export interface MockMaintenanceEvent {
  /** `"system-reboot"` by default. */
  code?:
    | "instance-reboot"
    | "instance-retirement"
    | "instance-stop"
    | "system-maintenance"
    | "system-reboot"
    | undefined;
  /** Such as `"scheduled reboot"`, by the code. */
  description?: string | undefined;
  /** A new one by default. An event with the id of an earlier one replaces it. */
  eventId?: string | undefined;
  /** The earliest start; a day from now by default. */
  notBefore?: Date | string | undefined;
  /** The latest end, two hours after `notBefore` by default. After it the event is completed. */
  notAfter?: Date | string | undefined;
  /** Until when it can be rescheduled; not shown by default. */
  notBeforeDeadline?: Date | string | undefined;
  /** `"active"` by default. The other two are in the history. */
  state?: "active" | "completed" | "canceled" | undefined;
}

/** A request that the mock has received. */
export interface MockRequest {
  /** `GET`, `PUT`, …; empty if what came was not HTTP. */
  readonly method: string;
  /** As it was sent, with its query; empty if what came was not HTTP. */
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
  /** Closes every connection, also those that wait for an answer, and frees the port. */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A mocked instance metadata service; {@link createMockImds} makes it. An argument that is not valid is a `TypeError`. */
export interface MockImds {
  /**
   * Handlers for msw 2.12 or later: `setupServer(...imds.handlers)`. Nothing here loads msw; it is for the test to
   * install. What msw cannot express is approximated by what a client sees: after a reset, `fetch` gets
   * the status before its body fails with ECONNRESET (`node:http` gets no response, as from a socket); `fetch`
   * too sees a truncated body as an error rather than as a closed connection, and cannot be aborted within a body that drips.
   */
  readonly handlers: HttpHandler[];
  /**
   * Listens on loopback, for clients in other processes and languages. Rejects if the port is in use. In a cluster
   * worker, too, the port belongs to this mock alone.
   */
  listen(options?: MockListenOptions): Promise<MockListener>;
  /**
   * What came since the last `reset()`, in order of arrival; the last 100,000. What was refused because it is not
   * HTTP is among it.
   */
  readonly requests: readonly MockRequest[];
  /** The credentials served now; undefined while no role is attached or it cannot be assumed. */
  readonly credentials: AwsCredentialIdentity | undefined;
  /**
   * Serves new credentials from now on, or those given. Given ones stay until `rotate`, `attachRole` or
   * `reset` is called, even when they have expired: `imds.rotate(imds.credentials)` keeps the current ones.
   * Without an `expiration` they get the usual lifetime; fractions of its second are cut off, as documents have none.
   * @returns the credentials as they are served
   */
  rotate(credentials?: AwsCredentialIdentity): AwsCredentialIdentity;
  /** Attaches a role, in place of another if there is one; new credentials are issued for it at once. */
  attachRole(name: string): void;
  /**
   * Detaches the role. What is left is `"nothing"` (role list and `iam/info` answer 404), an `"empty profile"`
   * (an empty list; `iam/info` says that the profile contains no role) or a `"deleted profile"` (the list is
   * 404; `iam/info` has the code `InstanceProfileNotFound`).
   */
  detachRole(left?: "nothing" | "empty profile" | "deleted profile"): void;
  /** The role stays listed, but its document has the code `AssumeRoleUnauthorizedAccess` and this message. */
  denyAssumeRole(message?: string): void;
  /** Every session token issued so far is answered 401. */
  expireTokens(): void;
  /** Switches metadata access off: everything is answered 403. */
  disable(): void;
  /** Switches it on again. */
  enable(): void;
  /** Changes the content of a path, or with `null` takes it away: as in the option `metadata`. */
  setMetadata(path: string, content: string | Uint8Array | null): void;
  /**
   * Announces that this Spot Instance is interrupted: `spot/instance-action`, and for a termination
   * `spot/termination-time`. `"terminate"` by default, in 120 seconds (hibernation: at once).
   *
   * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
   */
  interruptSpot(action?: MockSpotAction, inSeconds?: number): void;
  /**
   * Announces an elevated risk of interruption: `events/recommendations/rebalance`.
   *
   * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
   */
  recommendRebalance(): void;
  /**
   * Sets `autoscaling/target-lifecycle-state`, such as `"Terminated"` when the Auto Scaling group scales in.
   *
   * @see https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
   */
  setTargetLifecycleState(state: string): void;
  /** Announces maintenance: `events/maintenance/scheduled`, and when it is over `events/maintenance/history`. */
  scheduleMaintenance(event: MockMaintenanceEvent): void;
  /** Makes requests fail; several faults are used up in the order they were given. */
  fail(fault: MockFault): void;
  /** Every answer (or those of one step) comes so many milliseconds later; 0 ends it. */
  delay(ms: number, on?: MockStep): void;
  /** Limits the requests a second. */
  throttle(limit: MockThrottle): void;
  /**
   * Ends an outage: every fault, delay and throttle, and `disable`. Role, tokens, credentials, metadata, events and
   * the credentials that the providers of this process share stay.
   */
  recover(): void;
  /**
   * Back to the options, with new credentials, no valid token, no fault and no recorded request. Also clears the
   * credentials that the providers of this process share. Listeners stay open.
   */
  reset(): void;
}
