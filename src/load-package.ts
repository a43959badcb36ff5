import { createRequire } from "node:module";

/** Undefined in the CommonJS build, and in a bundle of that format: there `import()` is `require` already. */
const nodeRequire = import.meta.url ? createRequire(import.meta.url) : undefined;

/**
 * Loads a package when it is first needed. The SDK's are CommonJS: through `import()` Node scans each of their
 * files a second time, for the names that it exports, which takes three times as long as `require`.
 *
 * @param imported how to import it, written out for bundlers to follow; in a bundle there is nothing to require.
 */
export async function loadPackage<T>(name: string, imported: () => Promise<T>): Promise<T> {
  try {
    if (nodeRequire) return nodeRequire(name) as T;
  } catch {
    // Not installed here by itself.
  }
  return imported();
}
