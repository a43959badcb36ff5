import type { ViteUserConfig } from "vitest/config";
import base from "../../../vitest.config.js";

/** The tests that decide about the mutated files, without those that only take time. */
const config: ViteUserConfig = {
  test: {
    ...base.test,
    sequence: { shuffle: false },
    include: [
      "test/cache/*.test.ts",
      "test/imds/credentials-document.test.ts",
      "test/imds/session-token.test.ts",
      "test/imds/abort.test.ts",
      "test/imds/imdsv1.test.ts",
      "test/errors/errors.test.ts",
      "test/provider/expired-token-plugin.test.ts",
    ],
    exclude: ["test/cache/thirty-days.test.ts", "test/cache/one-day.test.ts"],
    // Fewer cases for each of many hundred mutants than for one library.
    env: { MODEL_RUNS: "24" },
  },
};

export default config;
