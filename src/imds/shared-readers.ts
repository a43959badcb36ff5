import type { MetadataSettings } from "../config/settings.js";
import { globalStore } from "../runtime/global-store.js";
import { MetadataReader } from "./metadata-reader.js";

/** Weak: a reader lives as long as a client or a provider that uses it. */
const store = (): Map<string, WeakRef<MetadataReader>> => globalStore("metadata-readers", () => new Map());

const collected = new FinalizationRegistry<string>((key) => {
  if (store().get(key)?.deref() === undefined) store().delete(key);
});

/**
 * The reader for these settings. With `shared`, all clients and providers of the process with equal settings get the
 * same one, and so use one session token and one set of connections.
 */
export function metadataReader(settings: MetadataSettings, shared: boolean): MetadataReader {
  if (!shared) return new MetadataReader(settings);
  const { endpoint, timeoutMs, maxRetries, imdsV1, tokenTtlSeconds } = settings;
  const key = JSON.stringify([endpoint.href, timeoutMs, maxRetries, imdsV1, tokenTtlSeconds]);
  const known = store().get(key)?.deref();
  if (known) return known;
  const reader = new MetadataReader(settings);
  store().set(key, new WeakRef(reader));
  collected.register(reader, key);
  return reader;
}

/** Forgets all shared readers with their tokens: each client and provider gets another one on its next call. */
export function clearSharedReaders(): void {
  for (const reference of store().values()) {
    const reader = reference.deref();
    if (reader) reader.disposed = true;
  }
  store().clear();
}
