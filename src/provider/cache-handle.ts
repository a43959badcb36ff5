import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@aws-sdk/types";
import type { Logger } from "@smithy/types";
import type { CredentialsCache } from "../cache/credentials-cache.js";
import type { CallProperties } from "../cache/credentials-source.js";
import type { RefreshError } from "../cache/refresh-error.js";
import type { RefreshStatus } from "../cache/refresh-status.js";
import { NO_STATUS } from "../cache/refresh-status.js";
import type { Subscriber } from "../cache/subscriber.js";
import { keepProcessAlive } from "../runtime/clock.js";
import { ALREADY_REFRESHED, EXPIRATION_OF_ISSUED, LOGGER } from "./plugin-protocol.js";

/** Credentials that are refreshed ahead of their expiration, for the `credentials` of any AWS SDK v3 client. */
export interface RefreshingProvider extends AwsCredentialIdentityProvider {
  /**
   * The credentials to use now, with their true `expiration`. Cached credentials are returned at once; those close to
   * expiration are refreshed in the background. A call waits only while nothing is cached, and, for a limited time,
   * in the last minute before expiration, after it, and after `invalidate`.
   *
   * With `forceRefresh: true` it refreshes now, even if the credentials are fresh, and joins a refresh in flight. If
   * that fails it returns the cached credentials, and rejects only if there are none.
   */
  (properties?: CallProperties): Promise<AwsCredentialIdentity>;
  /** Tells SDK clients to keep no second cache, so that new credentials reach every client at once. */
  memoized: boolean;
  /** What is cached and when the next refresh is due, for health checks. It holds no secrets. */
  status(): RefreshStatus;
  /**
   * A service rejected the credentials with this access key id: if they are the cached ones, the next call refreshes
   * first.
   */
  invalidate(accessKeyId: string): void;
  /** Stops background refreshes; a later call still loads on demand. They never keep a process alive anyway. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

const isForced = (properties: CallProperties | undefined): boolean => Boolean(properties?.forceRefresh);

/** Keys that are rejected before the provider was called; more than one is unusual. */
const MAX_EARLY_REJECTIONS = 8;

/** Config files that take longer are not waited for by a process that is about to end. */
const MAX_ATTACHING_MS = 60_000;

/** One provider's connection to its cache, which it resolves on the first call. */
export class CacheHandle implements Subscriber {
  refreshesAhead = true;
  readonly logger: Logger | undefined;
  readonly #resolveCache: () => Promise<CredentialsCache>;
  #cache: CredentialsCache | undefined;
  #attaching: Promise<CredentialsCache> | undefined;
  #settingsError: RefreshError | undefined;
  #isCollected = false;
  #earlyRejections: readonly string[] = [];

  constructor(resolveCache: () => Promise<CredentialsCache>, logger: Logger | undefined) {
    this.#resolveCache = resolveCache;
    this.logger = logger;
  }

  get(properties?: CallProperties): Promise<AwsCredentialIdentity> {
    const cache = this.#attached();
    if (cache === undefined) return this.#attachAndGet(properties);
    if (properties && ALREADY_REFRESHED in properties) {
      cache.invalidate(String(properties[ALREADY_REFRESHED]));
      // A call that only has to reach through caches in between has no properties of its own.
      return cache.get();
    }
    return isForced(properties) ? cache.forceRefresh(properties) : cache.get(properties);
  }

  status(): RefreshStatus {
    const cache = this.#attached();
    if (cache === undefined) return { ...NO_STATUS, lastError: this.#settingsError };
    return this.refreshesAhead ? cache.status() : { ...cache.status(), nextRefresh: undefined };
  }

  invalidate(accessKeyId: string): void {
    const cache = this.#attached();
    if (cache) cache.invalidate(accessKeyId);
    // The cache that it is going to share may have returned them to other providers.
    else this.#earlyRejections = [...this.#earlyRejections, accessKeyId].slice(-MAX_EARLY_REJECTIONS);
  }

  /** Counts what other providers of the same cache got too. */
  async expirationOfIssued(accessKeyId: string): Promise<number | undefined> {
    const cache = this.#attached() ?? (await this.#attach().catch(() => undefined));
    return cache?.expirationOfIssued(accessKeyId);
  }

  close(): void {
    this.refreshesAhead = false;
    this.#cache?.subscribersChanged();
  }

  /** The provider was collected. */
  collected(): void {
    this.#isCollected = true;
    this.#cache?.unsubscribe(this);
  }

  #attached(): CredentialsCache | undefined {
    return this.#cache?.disposed ? undefined : this.#cache;
  }

  async #attachAndGet(properties: CallProperties | undefined): Promise<AwsCredentialIdentity> {
    // While files are read; the cache does it by itself while a refresh is in flight.
    const release = keepProcessAlive(MAX_ATTACHING_MS);
    try {
      await this.#attach();
    } finally {
      release();
    }
    return await this.get(properties);
  }

  #attach(): Promise<CredentialsCache> {
    this.#attaching ??= this.#attachOnce().finally(() => {
      this.#attaching = undefined;
    });
    return this.#attaching;
  }

  async #attachOnce(): Promise<CredentialsCache> {
    try {
      const cache = await this.#resolveCache();
      // It may have taken longer than the provider lived.
      if (!this.#isCollected) cache.subscribe(this);
      for (const accessKeyId of this.#earlyRejections) cache.invalidate(accessKeyId);
      this.#earlyRejections = [];
      this.#settingsError = undefined;
      this.#cache = cache;
      return cache;
    } catch (error) {
      this.#settingsError = error as RefreshError;
      throw error;
    }
  }
}

/** Unsubscribes a provider that was collected from the cache that it shares with others. */
const collectedProviders = new FinalizationRegistry<CacheHandle>((handle) => handle.collected());

/** The provider that users have. Its handle must not refer to it, or it would never be collected. */
export function providerOf(handle: CacheHandle): RefreshingProvider {
  const close = () => handle.close();
  const provider: RefreshingProvider = Object.assign(
    // Anything else is not meant as properties: `names.map(provider)` passes a name.
    (properties?: CallProperties) =>
      handle.get(typeof properties === "object" && properties !== null ? properties : undefined),
    {
      memoized: true,
      status: () => handle.status(),
      invalidate: (accessKeyId: string) => handle.invalidate(accessKeyId),
      close,
      [Symbol.dispose]: close,
    },
  );
  Object.defineProperties(provider, {
    [EXPIRATION_OF_ISSUED]: { value: (accessKeyId: string) => handle.expirationOfIssued(accessKeyId) },
    [LOGGER]: { value: () => handle.logger },
  });
  collectedProviders.register(provider, handle);
  return provider;
}
