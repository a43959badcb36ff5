import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { S3Error } from "./s3-error.js";

/** The sets of credentials that exist, as the service that issues them would know them. */
export class Keyring {
  readonly #sets = new Map<string, AwsCredentialIdentity>();
  readonly #revoked = new Set<string>();

  accept(set: AwsCredentialIdentity): void {
    this.#sets.set(set.accessKeyId, { ...set });
  }

  revoke(accessKeyId: string): void {
    this.#revoked.add(accessKeyId);
  }

  /** The set that a request names, if it may be used now with this session token; otherwise S3's refusal. */
  valid(accessKeyId: string, sessionToken: string | undefined): AwsCredentialIdentity {
    const set = this.#sets.get(accessKeyId);
    // To S3, the key id of a temporary set without its token is an id that it has never heard of.
    if (!set || (set.sessionToken && !sessionToken)) throw new S3Error("InvalidAccessKeyId");
    if (set.sessionToken !== sessionToken) throw new S3Error("InvalidToken");
    const expired = set.expiration !== undefined && set.expiration.getTime() <= Date.now();
    if (expired || this.#revoked.has(accessKeyId)) throw new S3Error("ExpiredToken");
    return set;
  }
}
