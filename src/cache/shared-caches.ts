import { globalStore } from "../runtime/global-store.js";

export interface SharedCache {
  /** Ends its timers and makes its providers look their cache up anew. */
  retire(): void;
}

type Registry = Map<string, WeakRef<SharedCache>>;

/** The caches that providers with equal settings share, those of both module formats included. */
const registry = (): Registry => globalStore("shared-caches", () => new Map());

/** The live cache under `key`, or the one that `create` makes. The registry keeps none alive by itself. */
export function sharedCache<T extends SharedCache>(key: string, create: () => T): T {
  const caches = registry();
  const known = caches.get(key)?.deref();
  if (known) return known as T;
  const cache = create();
  caches.set(key, new WeakRef(cache));
  return cache;
}

/** Forgets the entry of a cache that was collected, unless a new cache has taken its place. */
export function forgetCollected(key: string): void {
  const caches = registry();
  if (caches.has(key) && !caches.get(key)?.deref()) caches.delete(key);
}

/**
 * Drops every credentials cache that is shared in this process: each provider starts over, settings included,
 * on its next call. For tests; `reset()` of the mocked IMDS calls it. Providers made with `shared: false` keep theirs.
 */
export function clearSharedCredentials(): void {
  const caches = registry();
  for (const reference of caches.values()) reference.deref()?.retire();
  caches.clear();
}
