import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What needs other programs than this Node and this compiler; `npm test` has the rest. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/system/fit/**/*.fit.ts"],
    globalSetup: [
      "test/support/run-directory.ts",
      "test/system/proxy/node-versions.ts",
      "test/system/fit/installed.ts",
    ],
    setupFiles: ["test/support/closed-network.ts"],
    sequence: { shuffle: true },
    hookTimeout: 120_000,
  },
});

export default config;
