import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@aws-sdk/types";
import type { Logger } from "@smithy/types";
import { CredentialsCache } from "../cache/credentials-cache.js";
import type { RefreshStatus } from "../cache/refresh-status.js";
import { NOTHING_YET } from "../cache/refresh-status.js";
import { forgetCollected, sharedCache } from "../cache/shared-caches.js";
import type { Interest, Membership } from "../cache/subscriber.js";
import type { InstanceRoleOptions } from "../config/options.js";
import { checkedOptions } from "../config/options.js";
import { resolveRoleSettings, settingsKey } from "../config/settings.js";
import { RoleCredentialsReader } from "../imds/role-credentials.js";
import { metadataReader } from "../imds/shared-readers.js";
import { keepProcessAlive } from "../runtime/clock.js";
import type { WeakTimer } from "../runtime/weak-timer.js";
import { InstanceRoleSource } from "./instance-role-source.js";
import { ALREADY_REFRESHED, EXPIRATION_OF_ISSUED, LOGGER } from "./plugin-protocol.js";

/** What a call may ask for. SDK clients pass more, which is ignored. */
export interface InstanceRoleProps {
  /** Look again whatever the state, joining a look in flight. */
  readonly forceRefresh?: boolean | undefined;
  readonly [property: string]: unknown;
}

/** The credentials of the instance role, for the `credentials` of any AWS SDK v3 client. */
export interface InstanceRoleProvider extends AwsCredentialIdentityProvider {
  /**
   * The credentials to use now, with their true `expiration`. A set that is fresh is answered at once; one that
   * nears its expiration is refreshed behind the caller's back. A call waits only in the last minute of a set, when
   * there is none yet, after `invalidate`, and for a set that expired unseen, as while the machine slept.
   * With `forceRefresh: true` it looks again, joining a look in flight; if that look fails, the set at hand is
   * returned, and the error is raised only if there is none.
   *
   * @throws InstanceMetadataError with any code but `NOT_FOUND` and `ABORTED`.
   */
  (props?: InstanceRoleProps): Promise<AwsCredentialIdentity>;
  /** Tells SDK clients to keep no cache of their own, so that a new set reaches all of them at once. */
  memoized: boolean;
  /** What is held and what comes next, for health checks; no secrets. */
  status(): RefreshStatus;
  /** A service rejected the credentials with this id: if they are in use, the next call refreshes first. */
  invalidate(accessKeyId: string): void;
  /** Stops refreshing ahead; a later call still loads on demand. Timers never keep a process alive anyway. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;
}

const isForced = (props: InstanceRoleProps | undefined): boolean =>
  Boolean(props?.forceRefresh && !(ALREADY_REFRESHED in props));

/** Ends the timer of a cache that was collected, and forgets it. */
const collectedCaches = new FinalizationRegistry<{
  timer: WeakTimer;
  key: string | undefined;
}>(({ timer, key }) => {
  timer.stop();
  if (key !== undefined) forgetCollected(key);
});

/** Takes a provider that was collected out of the cache that it shares with others. */
const collectedProviders = new FinalizationRegistry<Handle>((handle) => handle.leave("gone"));

const NONE: readonly string[] = [];
/** One id is what is expected; more are for a provider that is told of each and never called. */
const MOST_REJECTED = 8;

/**
 * What stands behind one provider: its options, and its cache once they are resolved. A process may have thousands,
 * so it is the provider's membership of that cache as well.
 */
class Handle implements Membership {
  interest: Interest = "ahead";
  readonly #options: InstanceRoleOptions;
  #cache: CredentialsCache | undefined;
  #attaching: Promise<CredentialsCache> | undefined;
  #settingsError: Error | undefined;
  #rejected: readonly string[] = NONE;

  constructor(options: InstanceRoleOptions) {
    this.#options = options;
  }

  get logger(): Logger | undefined {
    return this.#options.logger;
  }

  get(props?: InstanceRoleProps): Promise<AwsCredentialIdentity> {
    const cache = this.#cache;
    if (cache === undefined || cache.retired) return this.#attachAndGet(props);
    return isForced(props) ? cache.forceRefresh() : cache.get();
  }

  status(): RefreshStatus {
    if (this.#cache && !this.#cache.retired) return this.#cache.status();
    return { ...NOTHING_YET, lastError: this.#settingsError };
  }

  invalidate(accessKeyId: string): void {
    if (this.#cache && !this.#cache.retired) this.#cache.invalidate(accessKeyId);
    // The cache that it will share may hold them already.
    else this.#rejected = [...this.#rejected.slice(1 - MOST_REJECTED), accessKeyId];
  }

  /** Also of credentials that others got from the cache that this provider shares with them, or will share. */
  async expirationOfIssued(accessKeyId: string): Promise<number | undefined> {
    const known = this.#cache?.expirationOfIssued(accessKeyId);
    if (known !== undefined) return known;
    const cache = await this.#attached().catch(() => undefined);
    return cache?.expirationOfIssued(accessKeyId);
  }

  leave(interest: Interest): void {
    this.interest = interest;
    this.#cache?.leave(this);
  }

  async #attachAndGet(props: InstanceRoleProps | undefined): Promise<AwsCredentialIdentity> {
    const release = keepProcessAlive();
    try {
      const cache = await this.#attached();
      return await (isForced(props) ? cache.forceRefresh() : cache.get());
    } finally {
      release();
    }
  }

  async #attached(): Promise<CredentialsCache> {
    if (this.#cache && !this.#cache.retired) return this.#cache;
    this.#attaching ??= this.#attach().finally(() => {
      this.#attaching = undefined;
    });
    return this.#attaching;
  }

  async #attach(): Promise<CredentialsCache> {
    const settings = await resolveRoleSettings(this.#options).catch((error: Error) => {
      this.#settingsError = error;
      throw error;
    });
    const key = this.#options.shared === false ? undefined : settingsKey(settings);
    const create = () => {
      const reader = metadataReader(settings, key !== undefined);
      const source = new InstanceRoleSource(new RoleCredentialsReader(reader, settings.roleName));
      const cache = new CredentialsCache(source, settings);
      collectedCaches.register(cache, { timer: cache.timer, key });
      return cache;
    };
    const cache = key === undefined ? create() : sharedCache(key, create);
    cache.join(this);
    for (const accessKeyId of this.#rejected) cache.invalidate(accessKeyId);
    this.#rejected = NONE;
    this.#settingsError = undefined;
    this.#cache = cache;
    return cache;
  }
}

/** Where `fromInstanceRole` puts a provider's handle: out of sight, and smaller than an entry of a `WeakMap`. */
const HANDLE = Symbol("handle");

const handleOf = (provider: { readonly [HANDLE]?: Handle } | undefined): Handle => {
  const handle = provider?.[HANDLE];
  if (!handle)
    throw new TypeError("this is a method of a provider that fromInstanceRole returned; call it on one");
  return handle;
};

const DEFAULTS: InstanceRoleOptions = {};

/** The methods of all providers, kept once: a process may have thousands of providers. */
const methods = Object.setPrototypeOf(
  {
    status(): RefreshStatus {
      return handleOf(this).status();
    },
    invalidate(accessKeyId: string): void {
      handleOf(this).invalidate(accessKeyId);
    },
    close(): void {
      handleOf(this).leave("on demand");
    },
    [Symbol.dispose](): void {
      handleOf(this).leave("on demand");
    },
    [EXPIRATION_OF_ISSUED](accessKeyId: string): Promise<number | undefined> {
      return handleOf(this).expirationOfIssued(accessKeyId);
    },
    [LOGGER](): Logger | undefined {
      return handleOf(this).logger;
    },
  },
  Function.prototype,
) as object;

/**
 * The credentials of the EC2 instance's role, for the `credentials` of any AWS SDK v3 client. Nothing is read
 * before the first call. Providers with equal settings share one cache in the process.
 *
 * @param options see {@link InstanceRoleOptions}; environment and shared config file count where one is left out.
 * @throws TypeError or RangeError that names the option, for an option that is not valid. The provider rejects with
 * an `InstanceMetadataError`; see its `code`.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html
 */
export function fromInstanceRole(options: InstanceRoleOptions = DEFAULTS): InstanceRoleProvider {
  const handle = new Handle(options === DEFAULTS ? DEFAULTS : checkedOptions(options));
  // Bound, which takes half the memory of a closure.
  const provider = Object.setPrototypeOf(handle.get.bind(handle), methods);
  collectedProviders.register(provider, handle);
  Object.defineProperty(provider, HANDLE, { value: handle });
  provider.memoized = true;
  return provider;
}
