import type { ViteUserConfig } from "vitest/config";
import base from "../../vitest.config.js";

/** The tests that decide about the mutated files, without those that only take time. */
const config: ViteUserConfig = {
  test: {
    ...base.test,
    sequence: { shuffle: false },
    include: [
      "test/refresh/*.test.ts",
      "test/metadata/credentials-document.test.ts",
      "test/metadata/session-token.test.ts",
      "test/metadata/abort.test.ts",
      "test/metadata/imdsv1.test.ts",
      "test/errors.test.ts",
      "test/sdk/expired-token-plugin.test.ts",
    ],
    exclude: ["test/refresh/thirty-days.test.ts", "test/refresh/one-day.test.ts"],
    // Fewer cases for each of many hundred mutants than for one library.
    env: { MODEL_RUNS: "24" },
  },
};

export default config;
