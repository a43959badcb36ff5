import { clearSharedCaches } from "../cache/shared-caches.js";
import { clearSharedReaders } from "../imds/shared-readers.js";

/**
 * Forgets everything that clients and providers share in this process: credentials, session tokens and the Region. Each
 * starts over on its next call, settings included. For tests; `reset()` of the mocked IMDS calls it. Clients and
 * providers made with `shared: false` keep theirs.
 */
export function clearSharedCredentials(): void {
  clearSharedCaches();
  clearSharedReaders();
}
