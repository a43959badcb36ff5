import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/system/e2e/**/*.e2e.ts"],
    globalSetup: ["test/system/e2e/global-setup.ts"],
    setupFiles: ["test/support/closed-network.ts"],
    sequence: { shuffle: true },
    testTimeout: 120_000,
  },
});

export default config;
