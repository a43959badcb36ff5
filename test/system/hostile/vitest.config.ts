import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/system/hostile/**/*.{hostile,network}.ts"],
    globalSetup: ["test/support/run-directory.ts"],
    setupFiles: ["test/support/closed-network.ts"],
    sequence: { shuffle: true },
    testTimeout: 60_000,
  },
});

export default config;
