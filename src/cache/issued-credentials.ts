import type { AwsCredentialIdentity } from "@aws-sdk/types";

/** Enough for all credentials that a request can still be signed with. */
const MAX_ISSUED = 64;

interface Issued {
  readonly expiresAt: number;
  /** Weak: only a client that still signs with these credentials keeps their object. */
  readonly identity: WeakRef<AwsCredentialIdentity>;
}

/** The credentials that a cache returned most recently, by access key id. */
export class IssuedCredentials {
  readonly #byId = new Map<string, Issued>();

  /** @param expiresAt true expiration by the wall clock in milliseconds, `Infinity` for none */
  add(identity: AwsCredentialIdentity, expiresAt: number): void {
    const { accessKeyId } = identity;
    this.#byId.delete(accessKeyId);
    this.#byId.set(accessKeyId, { expiresAt, identity: new WeakRef(identity) });
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > MAX_ISSUED && oldest !== undefined) this.#byId.delete(oldest);
  }

  /** When the credentials with this id expire; undefined if they were never returned. */
  expirationOf(accessKeyId: string): number | undefined {
    return this.#byId.get(accessKeyId)?.expiresAt;
  }

  /**
   * A service rejected these: they ended now. SDK clients that keep the object themselves, as those before 3.775 and
   * those behind a chain do, go by its `expiration` and ask for new credentials at their next request.
   */
  endNow(accessKeyId: string, now: number): void {
    const issued = this.#byId.get(accessKeyId);
    const identity = issued?.identity.deref();
    if (issued === undefined || identity === undefined || issued.expiresAt <= now) return;
    // A caller may have frozen it; then it stays as it is.
    Reflect.set(identity, "expiration", new Date(now));
  }
}
