import { sharedSymbol } from "../runtime/global-store.js";

/**
 * What `expiredTokenPlugin` and a provider call on each other, under symbols of the whole process: the two may come
 * from copies of the library in different module formats.
 */

/**
 * A method of a provider: when the credentials with this access key id truly expire, milliseconds since the epoch, if
 * its cache has ever returned them; undefined for any others.
 */
export const EXPIRATION_OF_ISSUED: unique symbol = sharedSymbol("expiration-of-issued") as never;

/** A method of a provider: its logger, if it has one. */
export const LOGGER: unique symbol = sharedSymbol("logger") as never;

/**
 * A property of a forced call that only has to reach through caches between client and provider: the id of the key
 * that was rejected. The provider that issued it has refreshed; another one in between may still have it cached.
 */
export const ALREADY_REFRESHED: unique symbol = sharedSymbol("already-refreshed") as never;
