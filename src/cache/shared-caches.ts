import { globalStore } from "../runtime/global-store.js";

export interface SharedCache {
  /** Stops its timer and makes its providers resolve their cache again. */
  dispose(): void;
}

type Registry = Map<string, WeakRef<SharedCache>>;

/** The caches that providers with equal settings share, those of both module formats included. */
const registry = (): Registry => globalStore("shared-caches", () => new Map());

/** The live cache under `key`, or the one that `create` makes. The registry itself keeps no cache alive. */
export function sharedCache<T extends SharedCache>(key: string, create: () => T): T {
  const caches = registry();
  const known = caches.get(key)?.deref();
  if (known) return known as T;
  const cache = create();
  caches.set(key, new WeakRef(cache));
  return cache;
}

/** Removes the entry of a cache that was collected, unless a new cache has taken its place. */
export function removeCollected(key: string): void {
  const caches = registry();
  if (caches.has(key) && !caches.get(key)?.deref()) caches.delete(key);
}

/** Disposes of every shared cache. Providers made with `shared: false` keep theirs. */
export function clearSharedCaches(): void {
  const caches = registry();
  for (const reference of caches.values()) reference.deref()?.dispose();
  caches.clear();
}
