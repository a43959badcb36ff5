import type { RefreshError } from "./refresh-error.js";

/** The state of a provider, for health checks. It holds no secrets. */
export interface RefreshStatus {
  /** The role whose credentials are cached. Only for an instance role. */
  readonly roleName: string | undefined;
  /** When the cached credentials expire. */
  readonly expiration: Date | undefined;
  /** When the next refresh is due; undefined after `close()`, and for credentials that need no refresh. */
  readonly nextRefresh: Date | undefined;
  /** When a refresh last returned credentials, new or not. */
  readonly lastRefresh: Date | undefined;
  /** Whether the cached credentials have expired and are still returned because no newer ones are available. */
  readonly stale: boolean;
  /** The error of the last refresh; undefined if it succeeded. */
  readonly lastError: RefreshError | undefined;
}

export const NO_STATUS: RefreshStatus = {
  roleName: undefined,
  expiration: undefined,
  nextRefresh: undefined,
  lastRefresh: undefined,
  stale: false,
  lastError: undefined,
};
