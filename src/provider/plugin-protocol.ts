/**
 * What `expiredTokenPlugin` and a provider call on each other, under `Symbol.for` keys: the two may come from the
 * library's copies of different module formats.
 */

/**
 * A method of a provider: when the credentials with this access key id, which its cache has returned, expire, in
 * milliseconds since the epoch. Undefined if its cache never returned them.
 */
export const EXPIRATION_OF_ISSUED: unique symbol = Symbol.for(
  "ec2-role-credentials.expirationOfIssued",
) as never;

/** A method of a provider: its logger, if it has one. */
export const LOGGER: unique symbol = Symbol.for("ec2-role-credentials.logger") as never;

/** Set by the plugin when it forces caches between client and provider: the provider itself has just refreshed. */
export const ALREADY_REFRESHED: unique symbol = Symbol.for("ec2-role-credentials.alreadyRefreshed") as never;
