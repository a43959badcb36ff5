import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/closed-network.ts"],
    sequence: { shuffle: true },
    restoreMocks: true,
    testTimeout: 30_000,
  },
});
