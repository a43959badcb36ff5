import type { Options } from "tsup";

const LIBRARY = { index: "src/index.ts", testing: "src/testing/index.ts" };

const config: Options = {
  entry: { ...LIBRARY, cli: "src/cli/index.ts" },
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  dts: { entry: LIBRARY },
  sourcemap: true,
  clean: true,
  // Nobody can mistake `node:http` for a package of that name.
  removeNodeProtocol: false,
  // p-retry is ESM only: CommonJS users could not load it as a dependency on Node 20.
  noExternal: ["p-retry", "is-network-error"],
  esbuildOptions(options, { format }) {
    if (format !== "cjs") return;
    // A dynamic import fails inside Jest's CommonJS runtime, so lazy loading is `require` there.
    options.supported = { ...options.supported, "dynamic-import": false };
    // The command is one program, and its ESM build is the one that package.json names.
    options.entryPoints = LIBRARY;
  },
};

export default config;
