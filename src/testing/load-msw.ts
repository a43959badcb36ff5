import { createRequire } from "node:module";

type Msw = typeof import("msw");

/**
 * Loads msw when it is needed and not before, as not everybody has it installed; and at once, as `handlers` is
 * no promise. Handlers made by either of msw's two builds work with the `setupServer` of the other.
 */
export function loadMsw(): Msw {
  // The CommonJS build has no import.meta, the ESM build no __filename.
  const load = createRequire(typeof __filename === "string" ? __filename : import.meta.url);
  try {
    return load("msw") as Msw;
  } catch (error) {
    throw new Error("The handlers of a mocked IMDS need msw 2.11 or later: npm install --save-dev msw", {
      cause: error,
    });
  }
}
