import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = {
  test: {
    include: ["test/**/*.test.ts"],
    // Before anything else in each test process; its worker threads inherit it only from here.
    execArgv: ["--require", "./test/support/network-guard.cjs"],
    globalSetup: ["test/support/run-directory.ts"],
    setupFiles: ["test/support/closed-network.ts"],
    sequence: { shuffle: true },
    restoreMocks: true,
    testTimeout: 30_000,
    maxConcurrency: 24,
    // Most tests wait for sockets, deadlines and child processes rather than for a core.
    maxWorkers: 4,
  },
};

export default config;
