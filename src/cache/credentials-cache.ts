import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { codeOf, traceToCaller } from "../errors/instance-metadata-error.js";
import { sourceTimeoutError } from "../errors/messages.js";
import { runOutsideAsyncContext } from "../runtime/async-context.js";
import {
  currentInstant,
  keepProcessAlive,
  monotonicClock,
  random,
  sleep,
  wallClock,
} from "../runtime/clock.js";
import { WeakTimer } from "../runtime/weak-timer.js";
import { TIMED_OUT, within } from "../runtime/within.js";
import type { Arrival, CacheState, RefreshInFlight, RefreshKind, RefreshSettings } from "./cache-state.js";
import {
  credentialsArrived,
  decideCall,
  dueAt,
  dueRefresh,
  EMPTY,
  keyRejected,
  msUntilDue,
  refreshFailed,
  stageOf,
  timePassed,
  unchangedUntil,
} from "./cache-state.js";
import type { CallProperties, CredentialsSource, FetchedCredentials } from "./credentials-source.js";
import { copyOf, IssuedCredentials } from "./issued-credentials.js";
import type { RefreshError } from "./refresh-error.js";
import { asError, reasonOf, withoutSecrets } from "./refresh-error.js";
import type { RefreshEvent } from "./refresh-events.js";
import { publish, RefreshLog } from "./refresh-events.js";
import { bootRetryDelay } from "./refresh-policy.js";
import type { RefreshStatus } from "./refresh-status.js";
import { NO_STATUS } from "./refresh-status.js";
import type { SharedCache } from "./shared-caches.js";
import type { Subscriber } from "./subscriber.js";

/** Credentials with the one object that all callers get, for as long as they are cached. */
interface CacheEntry extends FetchedCredentials {
  readonly returned: AwsCredentialIdentity;
  /** Resolved with `returned`; kept, so that a call for fresh credentials makes no new promise. */
  readonly promise: Promise<AwsCredentialIdentity>;
}

interface Refresh extends RefreshInFlight {
  /** Resolves when the refresh has ended; never rejects, so that a background refresh needs no handler. */
  readonly ended: Promise<RefreshResult>;
}

/** Why there are no new credentials. Wrapped, since a source may reject with any value. */
type RefreshResult = { readonly error: unknown } | undefined;

export interface CacheSettings extends RefreshSettings {
  /** The longest that one refresh can take: a caller that waits keeps the process alive no longer. */
  readonly maxRefreshMs: number;
  readonly waitForRoleMs: number;
}

/**
 * Runs the rules of `cache-state`: it has the state, the one refresh in flight, the timer and the subscribers, and
 * knows the source only as a {@link CredentialsSource}.
 */
export class CredentialsCache implements SharedCache {
  readonly #source: CredentialsSource;
  readonly #settings: CacheSettings;
  readonly #subscribers = new Set<Subscriber>();
  readonly #log = new RefreshLog(() => new Set([...this.#subscribers].map(({ logger }) => logger)));
  readonly #issued = new IssuedCredentials();
  /** Starts the refresh that is due when no caller does. */
  readonly #timer = new WeakTimer();
  /** Once true, providers must resolve their cache again. */
  disposed = false;

  #state: CacheState<CacheEntry> = EMPTY;
  #refresh: Refresh | undefined;
  /** Until then, by the wall clock, the cached promise is returned without further checks. */
  #unchangedUntil = Number.NEGATIVE_INFINITY;
  /** Of the latest call that passed any. */
  #properties: CallProperties | undefined;
  /** By the monotonic clock alone: at boot the wall clock is being set. */
  #waitsForRoleUntil: number | undefined;
  #lastRefresh: number | undefined;
  #lastError: RefreshError | undefined;

  constructor(source: CredentialsSource, settings: CacheSettings) {
    this.#source = source;
    this.#settings = settings;
    collectedCaches.register(this, this.#timer);
  }

  /** The credentials to use now. Not async: returning fresh credentials costs one clock read. */
  get(properties?: CallProperties): Promise<AwsCredentialIdentity> {
    this.#keep(properties);
    if (this.#state.kind === "cached" && wallClock() < this.#unchangedUntil)
      return this.#state.credentials.promise;
    return this.#decide(properties);
  }

  /** Refreshes whatever the state, joining a refresh in flight. */
  forceRefresh(properties?: CallProperties): Promise<AwsCredentialIdentity> {
    this.#keep(properties);
    this.#timePassed();
    return this.#wait(this.#refresh ?? this.#start("forced", properties));
  }

  /** A service rejected the credentials with this id, the cached ones or earlier ones. */
  invalidate(accessKeyId: string): void {
    const now = currentInstant();
    this.#issued.rejected(accessKeyId, now.wall);
    const state = keyRejected(this.#state, accessKeyId, this.#refresh !== undefined, now);
    if (state === this.#state) return;
    this.#state = state;
    this.#unchangedUntil = Number.NEGATIVE_INFINITY;
    // The next call refreshes. A backoff has become shorter, and with it the time until its timer.
    if (state.kind === "cached" && state.backoff) this.#schedule();
  }

  /** When the credentials with this id expire, if this cache returned them; undefined for any others. */
  expirationOfIssued(accessKeyId: string): number | undefined {
    return this.#issued.expirationOf(accessKeyId);
  }

  subscribe(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    if (!this.#timer.isSet) this.#schedule();
  }

  unsubscribe(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    this.subscribersChanged();
  }

  /** Without a subscriber that wants it, nothing is refreshed in the background. */
  subscribersChanged(): void {
    if (!this.#refreshesAhead()) this.#stopTimer();
  }

  dispose(): void {
    this.disposed = true;
    this.#subscribers.clear();
    this.#stopTimer();
  }

  status(): RefreshStatus {
    this.#timePassed();
    const lastRefresh = this.#lastRefresh === undefined ? undefined : new Date(this.#lastRefresh);
    const common = { ...NO_STATUS, lastRefresh, lastError: this.#lastError };
    if (this.#state.kind === "empty") return common;
    const now = currentInstant();
    const { roleName, expiresAt } = this.#state.credentials;
    return {
      ...common,
      roleName,
      expiration: dateOf(expiresAt),
      nextRefresh: dateOf(dueAt(this.#state, now)),
      stale: stageOf(this.#state, now) === "expired",
    };
  }

  /** A call that only forces a refresh has nothing that a source could use. */
  #keep(properties: CallProperties | undefined): void {
    if (!this.#source.takesProperties) return;
    for (const name in properties) if (name !== "forceRefresh") this.#properties = properties;
  }

  #timePassed(): void {
    const state = timePassed(this.#state, currentInstant());
    if (state.kind === "empty" && this.#state.kind === "cached") this.#stopTimer();
    this.#state = state;
  }

  #decide(properties: CallProperties | undefined): Promise<AwsCredentialIdentity> {
    this.#timePassed();
    const now = currentInstant();
    const decision = decideCall(this.#state, this.#refresh, this.#settings, now);
    if (decision.serve === "error") return Promise.reject(decision.error);
    const { start } = decision;
    const refresh = start === undefined ? this.#refresh : this.#start(start, properties);
    if (decision.serve === "refreshed" && refresh) return this.#wait(refresh, decision.waitMs);
    if (this.#state.kind === "empty") return this.#wait(this.#start("initial", properties));
    // The timer ends it by the monotonic clock; without one, a wall clock that was set back would prolong it.
    if (this.#timer.isSet) this.#unchangedUntil = unchangedUntil(this.#state, now);
    return this.#state.credentials.promise;
  }

  /** Waits for the refresh, but not longer than `ms`, and resolves to what is cached then. */
  async #wait(refresh: Refresh, ms = Number.POSITIVE_INFINITY): Promise<AwsCredentialIdentity> {
    const release = keepProcessAlive(this.#settings.maxRefreshMs + this.#settings.waitForRoleMs);
    try {
      const result = await (ms === Number.POSITIVE_INFINITY ? refresh.ended : endedWithin(refresh.ended, ms));
      this.#timePassed();
      if (this.#state.kind === "cached") return this.#state.credentials.returned;
      if (result !== undefined) {
        traceToCaller(result.error);
        throw result.error;
      }
    } finally {
      release();
    }
    // Dropped while this call waited, since their role is gone: the call starts over.
    return this.#decide(undefined);
  }

  #start(kind: RefreshKind, properties: CallProperties | undefined): Refresh {
    this.#stopTimer();
    const refresh: Refresh = {
      startedAt: monotonicClock(),
      ended: runOutsideAsyncContext(() => this.#run(kind, properties)),
    };
    this.#refresh = refresh;
    return refresh;
  }

  /** One refresh; an initial load that waits for a role is several of them. */
  async #run(kind: RefreshKind, properties: CallProperties | undefined): Promise<RefreshResult> {
    this.#waitsForRoleUntil ??= monotonicClock() + this.#settings.waitForRoleMs;
    let result = await this.#refreshOnce(kind, properties);
    for (let attempts = 1; result !== undefined; attempts++) {
      const left = this.#waitsForRoleUntil - monotonicClock();
      if (left <= 0 || !this.#source.isRetriedAtBoot(result.error)) break;
      await sleep(Math.min(bootRetryDelay(attempts, random), left));
      if (this.disposed) break;
      result = await this.#refreshOnce(kind, properties);
    }
    this.#refresh = undefined;
    this.#schedule();
    return result;
  }

  async #refreshOnce(kind: RefreshKind, properties: CallProperties | undefined): Promise<RefreshResult> {
    const startedAt = monotonicClock();
    let outcome: RefreshEvent["outcome"];
    let again = false;
    let result: RefreshResult;
    try {
      ({ outcome, again } = this.#arrived(await this.#fetch(properties)));
    } catch (error) {
      outcome = "failed";
      result = { error };
      this.#failed(error);
    }
    this.#report(kind, outcome, monotonicClock() - startedAt);
    return again ? this.#refreshOnce("mandatory", properties) : result;
  }

  async #fetch(properties: CallProperties | undefined): Promise<FetchedCredentials> {
    if (this.#state.kind === "empty") return this.#source.fetch(properties);
    const fetching = this.#source.fetch({ ...this.#properties, forceRefresh: true });
    const { maxFetchMs } = this.#source;
    if (maxFetchMs === undefined) return fetching;
    const fetched = await within(fetching, maxFetchMs);
    if (fetched === TIMED_OUT) throw sourceTimeoutError(maxFetchMs);
    return fetched;
  }

  #arrived(fetched: FetchedCredentials): Arrival<CacheEntry> {
    const now = currentInstant();
    const arrival = credentialsArrived(this.#state, entryOf(fetched), this.#settings, now, random);
    this.#state = arrival.state;
    if (arrival.state.kind === "cached") this.#issued.add(arrival.state.credentials);
    this.#waitsForRoleUntil = Number.NEGATIVE_INFINITY;
    this.#lastRefresh = now.wall;
    this.#lastError = undefined;
    return arrival;
  }

  #failed(error: unknown): void {
    const cached = this.#state.kind === "cached" ? this.#state.credentials : undefined;
    const isGone = this.#source.isGone(error);
    const failure = { error, isGone, isNonRecoverable: isGone || this.#source.isNonRecoverable(error) };
    this.#state = refreshFailed(this.#state, failure, currentInstant(), random);
    this.#lastError = withoutSecrets(asError(error), cached);
  }

  #report(kind: RefreshKind, outcome: RefreshEvent["outcome"], durationMs: number): void {
    const cached = this.#state.kind === "cached" ? this.#state.credentials : undefined;
    const details = this.#source.details();
    const roleName = cached?.roleName ?? details.roleName;
    const code = codeOf(this.#lastError);
    const expiration = cached && dateOf(cached.expiresAt);
    const event: RefreshEvent = {
      kind,
      outcome,
      durationMs,
      ...details,
      ...(roleName !== undefined && { roleName }),
      ...(expiration && { expiration }),
      ...(code && { code }),
    };
    const reason = this.#lastError && reasonOf(this.#lastError);
    this.#log.record(event, { label: this.#source.label, reason, isCached: cached !== undefined });
    publish(event);
  }

  #refreshesAhead(): boolean {
    for (const { refreshesAhead } of this.#subscribers) if (refreshesAhead) return true;
    return false;
  }

  /** Sets the timer that starts the next refresh if no caller does. */
  #schedule(): void {
    this.#stopTimer();
    if (this.#refresh || this.#state.kind === "empty" || !this.#refreshesAhead()) return;
    const ms = msUntilDue(this.#state, currentInstant());
    this.#timer.set(this, ms, (cache: CredentialsCache) => cache.#onTimer());
  }

  #onTimer(): void {
    this.#stopTimer();
    this.#timePassed();
    const kind = dueRefresh(this.#state, currentInstant());
    if (kind === undefined) this.#schedule();
    else this.#start(kind, undefined);
  }

  #stopTimer(): void {
    this.#timer.stop();
    this.#unchangedUntil = Number.NEGATIVE_INFINITY;
  }
}

/** Stops the timer of a cache that was collected. */
const collectedCaches = new FinalizationRegistry<WeakTimer>((timer) => timer.stop());

function entryOf(fetched: FetchedCredentials): CacheEntry {
  const returned = copyOf(fetched.identity);
  return { ...fetched, returned, promise: Promise.resolve(returned) };
}

/** Undefined for the expiration of credentials that have none. */
const dateOf = (ms: number): Date | undefined => (Number.isFinite(ms) ? new Date(ms) : undefined);

/** Resolves when the refresh has ended or after `ms`, whichever is first. */
async function endedWithin(ended: Promise<RefreshResult>, ms: number): Promise<RefreshResult> {
  const result = await within(ended, ms);
  return result === TIMED_OUT ? undefined : result;
}
