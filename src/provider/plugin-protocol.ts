/**
 * What `expiredTokenPlugin` and a provider call on each other, under `Symbol.for` keys: the two may come from the
 * library's copies of different module formats.
 */

/** A method of a provider: whether its cache has ever returned credentials with this access key id. */
export const HAS_ISSUED: unique symbol = Symbol.for("ec2-role-credentials.hasIssued") as never;

/** A property of a forced call that only has to reach through caches in between: the provider has just refreshed. */
export const ALREADY_REFRESHED: unique symbol = Symbol.for("ec2-role-credentials.alreadyRefreshed") as never;
