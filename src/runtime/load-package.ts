// Under another name: bundles of ES modules often begin with an import of `createRequire` that is no part of the code.
import { createRequire as createPackageRequire } from "node:module";
import { TextEncoder as NodeTextEncoder } from "node:util";
import { packageNotLoaded } from "../errors/messages.js";
import { requireFileDescriptor } from "./file-descriptors.js";

/** Undefined in the CommonJS build, and in a bundle of that format: there `import()` is `require` already. */
const nodeRequire = import.meta.url ? createPackageRequire(import.meta.url) : undefined;

const loaded = new Map<string, unknown>();

/**
 * Loads a package when it is first needed. The SDK's are CommonJS: through `import()` Node scans each of their
 * files a second time, for the names that it exports, which takes three times as long as `require`.
 *
 * @param imported how to import it, written out for bundlers to follow; in a bundle there is nothing to require.
 * @throws InstanceMetadataError `IMDS_UNREACHABLE` when it cannot be loaded now, as when the process has no file
 * descriptor left; the next attempt may succeed.
 */
export async function loadPackage<T>(name: string, imported: () => Promise<T>): Promise<T> {
  if (!loaded.has(name)) {
    requireFileDescriptor();
    const load = async () => required(name) ?? (await imported());
    loaded.set(
      name,
      await withTextEncoder(load).catch((cause) => {
        throw packageNotLoaded(name, cause);
      }),
    );
  }
  return loaded.get(name) as T;
}

function required(name: string): unknown {
  try {
    return nodeRequire?.(name);
  } catch {
    // Not installed here by itself: `import()` finds out, or finds it in the bundle.
    return undefined;
  }
}

/** The SDK's packages use it while they are loaded, and Jest's jsdom has none: Node's takes its place meanwhile. */
async function withTextEncoder<T>(load: () => Promise<T>): Promise<T> {
  if ("TextEncoder" in globalThis) return load();
  Object.assign(globalThis, { TextEncoder: NodeTextEncoder });
  try {
    return await load();
  } finally {
    Reflect.deleteProperty(globalThis, "TextEncoder");
  }
}
