import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/system/examples/**/*.example.ts"],
    execArgv: ["--require", "./test/support/network-guard.cjs"],
    globalSetup: ["test/support/run-directory.ts"],
    setupFiles: ["test/support/closed-network.ts"],
    sequence: { shuffle: true },
    hookTimeout: 120_000,
  },
});

export default config;
