import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/system/proxy/**/*.proxy.ts"],
    globalSetup: ["test/support/run-directory.ts", "test/system/proxy/node-versions.ts"],
    setupFiles: ["test/support/closed-network.ts"],
    sequence: { shuffle: true },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});

export default config;
