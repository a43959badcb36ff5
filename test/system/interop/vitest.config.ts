import { defineConfig, type ViteUserConfig } from "vitest/config";

/** The clients that are not from npm. `npm test` runs those that are, where it can. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/system/interop/**/*.interop.ts"],
    setupFiles: ["test/support/closed-network.ts"],
    sequence: { shuffle: true },
  },
});

export default config;
