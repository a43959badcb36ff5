import type { AwsCredentialIdentity } from "@aws-sdk/types";
import type { FetchedCredentials } from "./credentials-source.js";

/** Enough for all credentials that a request can still be signed with. */
const MAX_ISSUED = 64;

interface Issued {
  /** The very object that callers have. A caller that still uses it keeps it alive. */
  readonly identity: WeakRef<AwsCredentialIdentity>;
  readonly expiresAt: number;
  readonly rejectedAt: number | undefined;
}

/** The credentials that a cache returned most recently, by access key id. */
export class IssuedCredentials {
  readonly #issued = new Map<string, Issued>();

  /**
   * These are returned from now on. Restores the fields of the object that callers get, in case one of them changed
   * them; a rejection stays.
   */
  add({
    identity,
    returned,
    expiresAt,
  }: FetchedCredentials & { readonly returned: AwsCredentialIdentity }): void {
    const { accessKeyId } = identity;
    const rejectedAt = this.#issued.get(accessKeyId)?.rejectedAt;
    this.#issued.delete(accessKeyId);
    this.#issued.set(accessKeyId, { identity: new WeakRef(returned), expiresAt, rejectedAt });
    const [oldest] = this.#issued.keys();
    if (this.#issued.size > MAX_ISSUED && oldest !== undefined) this.#issued.delete(oldest);
    write(returned, copyOf(identity));
    if (rejectedAt !== undefined) write(returned, { expiration: new Date(rejectedAt) });
  }

  /** The true expiration, milliseconds since the epoch; undefined for an id that was not returned. */
  expirationOf(accessKeyId: string): number | undefined {
    return this.#issued.get(accessKeyId)?.expiresAt;
  }

  /**
   * A service rejected them. Some SDK clients keep the object until shortly before its expiration: so that they ask
   * again, it expires now, which is the truth.
   */
  rejected(accessKeyId: string, now: number): void {
    const issued = this.#issued.get(accessKeyId);
    if (!issued) return;
    const rejectedAt = issued.rejectedAt ?? Math.min(now, issued.expiresAt);
    this.#issued.set(accessKeyId, { ...issued, rejectedAt });
    const identity = issued.identity.deref();
    if (identity) write(identity, { expiration: new Date(rejectedAt) });
  }
}

/** A copy: SDK clients and callers may change it without an effect on the original. */
export function copyOf(identity: AwsCredentialIdentity): AwsCredentialIdentity {
  const { expiration, ...fields } = identity;
  const source: unknown = Reflect.get(identity, "$source");
  return {
    ...fields,
    ...(expiration && { expiration: new Date(expiration) }),
    ...(typeof source === "object" && { $source: { ...source } }),
  };
}

/** Does not throw where the caller froze the object. */
function write(identity: AwsCredentialIdentity, fields: Partial<AwsCredentialIdentity>): void {
  for (const [name, value] of Object.entries(fields)) Reflect.set(identity, name, value);
}
