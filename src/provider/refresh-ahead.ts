import type { AwsCredentialIdentityProvider } from "@aws-sdk/types";
import type { Logger } from "@smithy/types";
import { CredentialsCache } from "../cache/credentials-cache.js";
import { VALIDATORS } from "../config/options.js";
import type { Validators } from "../config/validators.js";
import { callback, checkOptions, nonEmptyString } from "../config/validators.js";
import type { RefreshingProvider } from "./cache-handle.js";
import { CacheHandle, providerOf } from "./cache-handle.js";
import { MAX_FETCH_MS, ProviderSource } from "./provider-source.js";

/** Options of {@link refreshAhead}. Every one may be left out or `undefined`. */
export interface RefreshOptions {
  /**
   * How long before their expiration the credentials are refreshed, in seconds, more than 0. By default chosen by
   * the lifetime that new credentials have left: 5 minutes for up to 20, 15 for less than 90, otherwise 60.
   */
  advisoryWindowSeconds?: number | undefined;
  /** Refresh after this many seconds even if the expiration is far off. By default only the expiration counts. */
  maxAgeSeconds?: number | undefined;
  /** The AWS SDK's `Logger` (`console` is one); silent by default. No secret is logged. */
  logger?: Logger | undefined;
  /** A label for log lines and for the `name` of events. */
  name?: string | undefined;
  /**
   * Whether the credentials will not be renewed after this error: the cached ones are still returned while they are
   * valid, then calls reject with the error. By default: an `InstanceMetadataError` with `NO_ROLE_ATTACHED` or
   * `ROLE_NOT_ASSUMABLE`, and a client error of the AWS SDK with a 4xx status, such as `AccessDenied`, that is not
   * about expired credentials, a wrong clock, a timeout or throttling.
   */
  isNonRecoverable?: ((error: unknown) => boolean) | undefined;
}

const OPTIONS: Validators<RefreshOptions> = {
  advisoryWindowSeconds: VALIDATORS.advisoryWindowSeconds,
  maxAgeSeconds: VALIDATORS.maxAgeSeconds,
  logger: VALIDATORS.logger,
  name: nonEmptyString,
  isNonRecoverable: callback,
};

const FIRST_ATTEMPT_MS = 1000;

/**
 * Any credentials provider, refreshed ahead of the expiration as `fromInstanceRole` does: one refresh for all callers,
 * in the background, with backoff while the provider fails. One wrapper is one cache: give the one function that it
 * returns to all clients.
 *
 * The first call passes its properties on to `provider`; every refresh passes those of the latest caller, with
 * `forceRefresh: true`.
 *
 * @param provider such as `fromTemporaryCredentials({ masterCredentials: fromInstanceRole(), params })`.
 * @throws TypeError when `provider` is not a function; TypeError or RangeError that names an option that is not valid.
 * The returned provider rejects with the error of `provider`, unchanged, and with a TypeError that names the field when what
 * it returns is not credentials.
 */
export function refreshAhead(
  provider: AwsCredentialIdentityProvider,
  options: RefreshOptions = {},
): RefreshingProvider {
  if (typeof provider !== "function")
    throw new TypeError("refreshAhead needs a credentials provider: a function");
  const checked = checkOptions(options, OPTIONS);
  const { advisoryWindowSeconds, maxAgeSeconds, logger } = checked;
  const cache = new CredentialsCache(new ProviderSource(provider, checked), {
    advisoryWindowMs: milliseconds(advisoryWindowSeconds),
    maxAgeMs: milliseconds(maxAgeSeconds),
    attemptMs: FIRST_ATTEMPT_MS,
    waitForRoleMs: 0,
    maxRefreshMs: MAX_FETCH_MS,
  });
  return providerOf(new CacheHandle(async () => cache, logger));
}

const milliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1000;
