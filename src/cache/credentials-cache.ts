import type { AwsCredentialIdentity } from "@aws-sdk/types";
import type { RoleSettings } from "../config/settings.js";
import { codeOf } from "../errors/instance-metadata-error.js";
import { runOutsideAsyncContext } from "../runtime/async-context.js";
import type { Deadline } from "../runtime/clock.js";
import {
  deadlineIn,
  isPast,
  keepProcessAlive,
  monotonicClock,
  msUntil,
  random,
  sleep,
  wallClock,
} from "../runtime/clock.js";
import { WeakTimer } from "../runtime/weak-timer.js";
import type { CredentialsSource, RoleCredentialSet } from "./credentials-source.js";
import { isSameSet } from "./credentials-source.js";
import { IssuedCredentials } from "./issued-credentials.js";
import type { RefreshEvent, RefreshKind } from "./refresh-events.js";
import { publish, RefreshLog } from "./refresh-events.js";
import { RefreshPause } from "./refresh-pause.js";
import type { CacheState, HeldSet, Likeness } from "./refresh-policy.js";
import {
  advisoryWindow,
  holdAfterFailure,
  isFinal,
  mayComeAtBoot,
  saysRoleIsGone,
  stateOf,
  timerDelay,
  waitForRole,
  weigh,
} from "./refresh-policy.js";
import type { RefreshStatus } from "./refresh-status.js";
import type { SharedCache } from "./shared-caches.js";
import type { Membership } from "./subscriber.js";

interface Held extends HeldSet {
  readonly set: RoleCredentialSet;
  /** Returned as it is, again and again, while the set is fresh. */
  readonly promise: Promise<AwsCredentialIdentity>;
}

type Identity = Promise<AwsCredentialIdentity>;

function likenessOf(arrived: RoleCredentialSet, held: Held | undefined): Likeness {
  if (held === undefined) return "another";
  if (isSameSet(held.set, arrived)) return "same";
  const isSameKey = held.set.granted.accessKeyId === arrived.granted.accessKeyId;
  return held.standing === "invalidated" && isSameKey ? "rejected" : "another";
}

/**
 * Keeps one role's credentials and refreshes them ahead of their expiration. What to do when is decided by
 * `refresh-policy`; this class does it: one look at a time, whoever asks for it.
 */
export class CredentialsCache implements SharedCache {
  readonly #source: CredentialsSource;
  readonly #settings: RoleSettings;
  readonly #members = new Set<Membership>();
  readonly #log = new RefreshLog(() => new Set([...this.#members].map(({ logger }) => logger)));
  /** Refreshes an idle process. Shared with whoever ends it once this cache is collected. */
  readonly timer: WeakTimer = new WeakTimer();
  /** Once true, providers must look their cache up anew. */
  retired = false;

  #held: Held | undefined;
  /** Until when the kept promise may be returned without a second thought. */
  #freshUntil = Number.NEGATIVE_INFINITY;
  #look: Promise<Error | undefined> | undefined;
  readonly #pause = new RefreshPause();
  #ageDue: Deadline | undefined;
  /** By the monotonic clock alone: at boot the wall clock is being set. */
  #waitsForRoleUntil: number | undefined;
  #heldFailure: { readonly error: Error | undefined; readonly until: Deadline } | undefined;
  #lastError: Error | undefined;
  #lastRefresh: number | undefined;
  readonly #issued = new IssuedCredentials();

  constructor(source: CredentialsSource, settings: RoleSettings) {
    this.#source = source;
    this.#settings = settings;
  }

  /** The credentials to use now. Not async: a fresh set costs a look at the clock. */
  get(): Identity {
    if (this.#held !== undefined && wallClock() < this.#freshUntil) return this.#held.promise;
    return this.#decide();
  }

  /** Looks again whatever the state, joining a look in flight. */
  forceRefresh(): Identity {
    // A set that was to be dropped at its expiration must not come back because this look fails otherwise.
    this.#current();
    return this.#await(this.#look ?? this.#startLook("forced"));
  }

  invalidate(accessKeyId: string): void {
    this.#issued.endNow(accessKeyId, wallClock());
    const held = this.#held;
    if (held?.standing !== "good" || held.set.granted.accessKeyId !== accessKeyId) return;
    this.#pause.enter(stateOf(held, wallClock()));
    this.#held = { ...held, standing: "invalidated" };
    this.#freshUntil = Number.NEGATIVE_INFINITY;
    if (this.#pause.shorten()) this.#schedule();
  }

  /** When credentials that were returned, the cached or earlier ones, expire (ms); undefined for any other id. */
  expirationOfIssued(accessKeyId: string): number | undefined {
    return this.#issued.expirationOf(accessKeyId);
  }

  join(member: Membership): void {
    // Its settings may have taken longer than it lived.
    if (member.interest !== "gone") this.#members.add(member);
    if (!this.timer.isSet) this.#schedule();
  }

  /** A provider was closed or collected; without one that wants it, nothing is refreshed ahead. */
  leave(member: Membership): void {
    if (member.interest === "gone") this.#members.delete(member);
    if (!this.#isWanted()) this.#stopTimer();
  }

  retire(): void {
    this.retired = true;
    this.#members.clear();
    this.#stopTimer();
  }

  status(): RefreshStatus {
    const held = this.#current();
    return {
      roleName: held?.set.roleName,
      expiration: held && new Date(held.expiresAt),
      nextRefresh: held && new Date(wallClock() + this.#msUntilDue(held)),
      lastRefresh: this.#lastRefresh === undefined ? undefined : new Date(this.#lastRefresh),
      stale: stateOf(held, wallClock()) === "expired",
      lastError: this.#lastError,
    };
  }

  #decide(): Identity {
    const held = this.#current();
    if (held === undefined) return this.#initial();
    const state = stateOf(held, wallClock());
    this.#pause.enter(state);
    const kind = this.#dueLook(state);
    if (kind !== undefined) runOutsideAsyncContext(() => void this.#startLook(kind));
    // Only while a timer will end it by the monotonic clock: the wall clock alone could be set back meanwhile.
    else if (state === "fresh" && this.timer.isSet)
      this.#freshUntil = Math.min(wallClock() + this.#msUntilDue(held), held.expiresAt);
    return this.#look && this.#pause.callersWait(state) ? this.#await(this.#look) : held.promise;
  }

  #initial(): Identity {
    if (this.#look) return this.#await(this.#look);
    if (this.#heldFailure && !isPast(this.#heldFailure.until)) return Promise.reject(this.#heldFailure.error);
    return this.#await(this.#startLook("initial"));
  }

  /** The set at hand; once it has expired and the last answer was that the role is gone, it is dropped. */
  #current(): Held | undefined {
    const held = this.#held;
    if (held === undefined || wallClock() < held.expiresAt || !saysRoleIsGone(codeOf(this.#lastError)))
      return held;
    this.#held = undefined;
    // What was said before a pause that is over may be hours old: the next call asks again.
    if (this.#pause.lasts) this.#hold(this.#lastError);
    this.#pause.end();
    this.#stopTimer();
    return undefined;
  }

  #hold(error: Error | undefined): void {
    this.#heldFailure = isFinal(codeOf(error))
      ? { error, until: deadlineIn(holdAfterFailure(random)) }
      : undefined;
  }

  /** Which look is due now, if any: none while one is in flight or a pause lasts. */
  #dueLook(state: CacheState): RefreshKind | undefined {
    if (this.#look || this.#pause.lasts) return undefined;
    if (state === "advisory") return "advisory";
    if (state !== "fresh") return "mandatory";
    return this.#ageDue && isPast(this.#ageDue) ? "age" : undefined;
  }

  async #await(look: Promise<Error | undefined>): Identity {
    const release = keepProcessAlive();
    try {
      const failure = await look;
      const held = this.#current();
      if (held) return held.set.identity;
      throw failure;
    } finally {
      release();
    }
  }

  /** Never rejects: it resolves to the failure, so that a look that nobody waits for leaves no unhandled rejection. */
  #startLook(kind: RefreshKind): Promise<Error | undefined> {
    this.#stopTimer();
    this.#pause.enter(stateOf(this.#held, wallClock()));
    this.#look = this.#lookUntilSettled(kind).finally(() => {
      this.#look = undefined;
      this.#schedule();
    });
    return this.#look;
  }

  async #lookUntilSettled(kind: RefreshKind): Promise<Error | undefined> {
    this.#waitsForRoleUntil ??= monotonicClock() + this.#settings.waitForRoleMs;
    for (let looks = 0; ; looks++) {
      const failure = await this.#lookOnce(kind);
      const left = this.#waitsForRoleUntil - monotonicClock();
      if (left <= 0 || !mayComeAtBoot(codeOf(failure))) return failure;
      await sleep(Math.min(waitForRole(looks, random), left));
      if (this.retired) return failure;
    }
  }

  async #lookOnce(kind: RefreshKind): Promise<Error | undefined> {
    const started = monotonicClock();
    const requestsBefore = this.#source.requests;
    let outcome: RefreshEvent["outcome"];
    let failure: Error | undefined;
    try {
      outcome = this.#arrived(await this.#source.load());
    } catch (error) {
      outcome = "failed";
      failure = error as Error;
      this.#failed(failure);
    }
    const held = this.#held;
    const code = codeOf(failure);
    const roleName = held?.set.roleName ?? this.#source.roleName;
    const event: RefreshEvent = {
      kind,
      outcome,
      durationMs: monotonicClock() - started,
      requests: this.#source.requests - requestsBefore,
      ...(roleName !== undefined && { roleName }),
      ...(held && { expiration: new Date(held.expiresAt) }),
      ...(code && { code }),
    };
    this.#log.record(event, failure);
    publish(event);
    return failure;
  }

  #arrived(set: RoleCredentialSet): RefreshEvent["outcome"] {
    const now = wallClock();
    const { expiresAt } = set.granted;
    const windowMs = advisoryWindow(expiresAt - now, this.#settings.advisoryWindowMs);
    const likeness = likenessOf(set, this.#held);
    const arrival = weigh({ expiresAt, windowMs, likeness }, this.#held, now);
    const held =
      arrival.take || this.#held === undefined
        ? this.#take(set, windowMs, likeness === "rejected" ? "invalidated" : "good")
        : this.#held;
    this.#waitsForRoleUntil = Number.NEGATIVE_INFINITY;
    this.#lastError = undefined;
    this.#heldFailure = undefined;
    this.#lastRefresh = now;
    this.#ageDue = deadlineIn(this.#settings.maxAgeMs);
    if (arrival.settles || stateOf(held, now) === "fresh") this.#pause.end();
    else this.#pause.begin(held, now);
    return arrival.verdict;
  }

  #take(set: RoleCredentialSet, windowMs: number, standing: HeldSet["standing"]): Held {
    const { expiresAt } = set.granted;
    const promise = runOutsideAsyncContext(() => Promise.resolve(set.identity));
    const held: Held = { set, expiresAt, windowMs, standing, promise };
    this.#held = held;
    this.#issued.add(set.identity, expiresAt);
    return held;
  }

  #failed(error: Error): void {
    this.#lastError = error;
    const held = this.#current();
    if (held) this.#pause.begin(held, wallClock());
    else this.#hold(error);
  }

  /** Milliseconds until the next look is due: the end of a pause, or else the window or the age, whichever is first. */
  #msUntilDue(held: Held): number {
    const now = wallClock();
    const state = stateOf(held, now);
    const age = this.#ageDue ? msUntil(this.#ageDue) : 0;
    const due = state === "fresh" ? Math.min(held.expiresAt - held.windowMs - now, age) : 0;
    return Math.max(due, this.#pause.msLeft);
  }

  #isWanted(): boolean {
    for (const { interest } of this.#members) if (interest === "ahead") return true;
    return false;
  }

  /** Sets the timer that refreshes an idle process. */
  #schedule(): void {
    this.#stopTimer();
    const held = this.#held;
    if (held === undefined || this.#look || !this.#isWanted()) return;
    this.timer.set(this, this.#msUntilDue(held), (cache: CredentialsCache) => cache.#onDue());
  }

  /** A look is due. Calls start it from now on; when nobody calls, this does, a little later unless a pause has just ended. */
  #onDue(): void {
    const held = this.#current();
    if (held === undefined) return;
    this.#freshUntil = Number.NEGATIVE_INFINITY;
    const spread = timerDelay(Math.min(held.windowMs, this.#settings.maxAgeMs), random);
    const wait = this.#pause.hasBegun ? 0 : spread;
    this.timer.set(this, wait, (cache: CredentialsCache) => cache.#onLate());
  }

  #onLate(): void {
    const held = this.#current();
    const kind = held && this.#dueLook(stateOf(held, wallClock()));
    if (kind === undefined) this.#schedule();
    else void this.#startLook(kind);
  }

  #stopTimer(): void {
    this.timer.stop();
    this.#freshUntil = Number.NEGATIVE_INFINITY;
  }
}
