import { defineConfig, type ViteUserConfig } from "vitest/config";

/** The site as `npm run docs` has built it. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/system/site/**/*.site.ts"],
    setupFiles: ["test/support/closed-network.ts"],
    sequence: { shuffle: true },
  },
});

export default config;
