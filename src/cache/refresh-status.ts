/** What a provider holds and what comes next, for health checks. It holds no secrets. */
export interface RefreshStatus {
  /** The role whose credentials are held. */
  readonly roleName: string | undefined;
  /** When the credentials at hand expire. */
  readonly expiration: Date | undefined;
  /** When the next look is due, by itself or on a call. */
  readonly nextRefresh: Date | undefined;
  /** When a look was last answered with credentials, new or not. */
  readonly lastRefresh: Date | undefined;
  /** Whether the credentials at hand have expired and are served because nothing better can be had. */
  readonly stale: boolean;
  /** Why the last look failed; undefined when it did not. */
  readonly lastError: Error | undefined;
}

export const NOTHING_YET: RefreshStatus = {
  roleName: undefined,
  expiration: undefined,
  nextRefresh: undefined,
  lastRefresh: undefined,
  stale: false,
  lastError: undefined,
};
