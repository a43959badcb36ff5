import { mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import json from "@rollup/plugin-json";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build } from "esbuild";
import { type Plugin, rollup } from "rollup";
import { inject } from "vitest";
import webpack from "webpack";

export type Format = "mjs" | "cjs";

/** What a bundler is told. */
export interface BundleOrder {
  readonly entry: string;
  readonly format: Format;
  readonly outfile: string;
  /** Where that goes which is loaded when it is first needed: into the one file, or beside it if need be. */
  readonly lazyParts: "inside" | "beside";
}

/** Makes a bundle for Node and gives its warnings. */
export type Bundler = (order: BundleOrder) => Promise<readonly string[]>;

const esbuild: Bundler = async ({ entry, format, outfile }) => {
  const { warnings } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: format === "mjs" ? "esm" : "cjs",
    // The SDK's ES modules: its CommonJS in an ES module would need a `require` that is not there.
    mainFields: ["module", "main"],
    logLevel: "silent",
  });
  return warnings.map(({ text }) => text);
};

const withWebpack: Bundler = async ({ entry, format, outfile, lazyParts }) => {
  const esm = format === "mjs";
  const compiler = webpack({
    mode: "production",
    target: "node20",
    entry,
    devtool: false,
    // It marks what nobody uses; that it goes is the minimizer's part, which takes long with all of the SDK.
    optimization: { minimize: lazyParts === "beside" },
    experiments: { outputModule: esm },
    output: {
      path: dirname(outfile),
      filename: outfile.slice(dirname(outfile).length + 1),
      library: { type: esm ? "module" : "commonjs2" },
      asyncChunks: lazyParts === "beside",
    },
  });
  if (!compiler) throw new Error("webpack has made no compiler");
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      compiler.close(() => {
        if (error) return reject(error);
        if (!stats || stats.hasErrors()) return reject(new Error(stats?.toString("errors-only")));
        resolve((stats.toJson({ warnings: true }).warnings ?? []).map(({ message }) => message));
      });
    });
  });
};

/** By their types, which are written for CommonJS alone, these are no functions. */
const plugin = (factory: unknown): Plugin => (factory as () => Plugin)();

const withRollup: Bundler = async ({ entry, format, outfile }) => {
  const warnings: string[] = [];
  const bundle = await rollup({
    input: entry,
    external: /^node:/,
    plugins: [
      nodeResolve({ preferBuiltins: true, exportConditions: ["node"] }),
      plugin(commonjs),
      plugin(json),
    ],
    onwarn: ({ message }) => warnings.push(message),
  });
  await bundle.write({
    file: outfile,
    format: format === "mjs" ? "es" : "cjs",
    inlineDynamicImports: true,
  });
  await bundle.close();
  return warnings;
};

export const BUNDLERS: Readonly<Record<string, Bundler>> = {
  esbuild,
  "webpack 5": withWebpack,
  Rollup: withRollup,
};

/** A bundle, alone in a directory above which there is no `node_modules`. */
export interface Bundle {
  readonly directory: string;
  readonly fileName: string;
  readonly warnings: readonly string[];
}

/** Bundles a program of a project, from a file in it. */
export async function bundle(
  bundler: Bundler,
  format: Format,
  project: string,
  source: string,
  lazyParts: BundleOrder["lazyParts"] = "inside",
): Promise<Bundle> {
  const entry = join(await mkdtemp(join(project, "entry-")), "entry.mjs");
  await writeFile(entry, source);
  const directory = await mkdtemp(join(inject("runDirectory"), "bundle-"));
  const fileName = `bundle.${format}`;
  const warnings = await bundler({ entry, format, outfile: join(directory, fileName), lazyParts });
  return { directory, fileName, warnings };
}
