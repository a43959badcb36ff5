import { defineConfig } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts", testing: "src/testing/index.ts", cli: "src/cli/index.ts" },
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  dts: { entry: { index: "src/index.ts", testing: "src/testing/index.ts" } },
  sourcemap: true,
  clean: true,
  // p-retry is ESM only: CommonJS users could not load it as a dependency on Node 20.
  noExternal: ["p-retry", "is-network-error"],
  esbuildOptions(options, { format }) {
    // A dynamic import fails inside Jest's CommonJS runtime, so lazy loading is `require` there.
    if (format === "cjs") options.supported = { ...options.supported, "dynamic-import": false };
  },
});
