import { CredentialsCache } from "../cache/credentials-cache.js";
import { removeCollected, sharedCache } from "../cache/shared-caches.js";
import type { InstanceRoleOptions } from "../config/options.js";
import { checkedOptions } from "../config/options.js";
import type { RoleSettings } from "../config/settings.js";
import { resolveRoleSettings, settingsKey } from "../config/settings.js";
import { maxRequestMs } from "../http/retry-policy.js";
import { RoleCredentialsReader } from "../imds/role-credentials.js";
import { metadataReader } from "../imds/shared-readers.js";
import type { RefreshingProvider } from "./cache-handle.js";
import { CacheHandle, providerOf } from "./cache-handle.js";
import { InstanceRoleSource } from "./instance-role-source.js";

/**
 * The credentials of the instance role. It rejects with an `InstanceMetadataError` of any code but `NOT_FOUND` and
 * `ABORTED`.
 */
export interface InstanceRoleProvider extends RefreshingProvider {}

/**
 * The credentials of the EC2 instance's role, for the `credentials` of any AWS SDK v3 client. Nothing is read
 * before the first call. Providers with equal settings share one cache in the process.
 *
 * @param options see {@link InstanceRoleOptions}; without an option, the environment and the shared config file apply.
 * @throws TypeError or RangeError that names the option, for an option that is not valid. The provider rejects with
 * an `InstanceMetadataError`; see its `code`.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html
 */
export function fromInstanceRole(options: InstanceRoleOptions = {}): InstanceRoleProvider {
  const checked = checkedOptions(options);
  return providerOf(new CacheHandle(() => resolveCache(checked), checked.logger));
}

async function resolveCache(options: InstanceRoleOptions): Promise<CredentialsCache> {
  const settings = await resolveRoleSettings(options);
  if (options.shared === false) return newCache(settings);
  const key = settingsKey(settings);
  return sharedCache(key, () => newCache(settings, key));
}

/** Token, list and document, and each once more: after a token that was refused, or a role that was replaced. */
const MAX_REQUESTS = 6;

function newCache(settings: RoleSettings, key?: string): CredentialsCache {
  const reader = metadataReader(settings, key !== undefined);
  const credentials = new RoleCredentialsReader(reader, settings.roleName);
  const cache = new CredentialsCache(new InstanceRoleSource(credentials), {
    ...settings,
    attemptMs: settings.timeoutMs,
    maxRefreshMs: MAX_REQUESTS * maxRequestMs(settings),
  });
  if (key !== undefined) collectedCaches.register(cache, key);
  return cache;
}

/** Removes a cache that was collected from the shared ones. */
const collectedCaches = new FinalizationRegistry<string>(removeCollected);
