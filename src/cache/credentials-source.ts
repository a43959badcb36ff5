import type { AwsCredentialIdentity } from "@aws-sdk/types";
import type { Credentials } from "./cache-state.js";

/** Credentials as a source returned them: for the rules, and as the identity that callers get. */
export interface FetchedCredentials extends Credentials {
  /** The role that they belong to, where the source knows it. */
  readonly roleName?: string | undefined;
  /** The fields of the identity. The cache returns copies: a caller may write on what it gets. */
  readonly identity: Readonly<AwsCredentialIdentity>;
}

/** Properties of a call: an SDK client passes `callerClientConfig` and the like. */
export interface CallProperties {
  /** Refresh now, whatever the state; joins a refresh that is in flight. */
  readonly forceRefresh?: boolean | undefined;
  readonly [property: string]: unknown;
}

/** Where credentials come from: all that a cache knows about it. */
export interface CredentialsSource {
  /** Whether `fetch` makes use of properties. If not, the cache keeps none: they refer to a caller's client. */
  readonly takesProperties: boolean;
  /** Gets credentials once, retries of requests included. May reject with anything. */
  fetch(properties: CallProperties | undefined): Promise<FetchedCredentials>;
  /** Whether asking again at once is of no use. With nothing cached, the error is raised again for a moment. */
  isNonRecoverable(error: unknown): boolean;
  /** Whether the cached credentials will not be renewed: they are dropped when they expire. */
  isGone(error: unknown): boolean;
  /** Whether an initial load that waits for a role goes on after this error. */
  isRetriedAtBoot(error: unknown): boolean;
  /** What events say of the latest fetch beside its outcome. */
  details(): { readonly name?: string; readonly roleName?: string; readonly requests?: number };
  /** The credentials' name in log lines, such as `role app` or `the instance role`. */
  readonly label: string;
  /**
   * Milliseconds after which a fetch that has not ended counts as failed while credentials are cached; undefined
   * for a source whose fetches always end.
   */
  readonly maxFetchMs?: number | undefined;
}
