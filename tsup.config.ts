import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { transform } from "esbuild";
import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

const LIBRARY = { index: "src/index.ts", testing: "src/testing/index.ts" };

/** One section of the notice: the package, and its licence text, which the licence requires to be shipped. */
function licenceSection(packageFolder: string): string {
  const file = readdirSync(packageFolder).find((name) => /^licen[cs]e/i.test(name));
  if (!file) throw new Error(`${packageFolder} is bundled but has no licence file to ship`);
  const { name, version } = JSON.parse(readFileSync(`${packageFolder}/package.json`, "utf8"));
  return `${name} ${version}\n\n${readFileSync(`${packageFolder}/${file}`, "utf8").trim()}\n`;
}

/** Ships the licences of the packages that were actually bundled, whatever `noExternal` says. */
const thirdPartyLicences: Plugin = {
  name: "third-party-licences",
  setup(build) {
    build.onEnd(({ metafile }) => {
      const { outdir } = build.initialOptions;
      if (!metafile || !outdir) return;
      const folders = Object.keys(metafile.inputs).map(
        (input) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0],
      );
      const bundled = [...new Set(folders.filter((folder) => folder !== undefined))].sort();
      mkdirSync(outdir, { recursive: true });
      const sections = ["Packages that are bundled, and their licences", ...bundled.map(licenceSection)];
      writeFileSync(`${outdir}/THIRD_PARTY_LICENSES.txt`, sections.join(`\n\n${"-".repeat(80)}\n\n`));
    });
  },
};

/** No program imports the command, so it is minified: the package is a tenth smaller. */
const minifiedCommand: Plugin = {
  name: "minified-command",
  setup(build) {
    build.onEnd(async ({ outputFiles = [] }) => {
      for (const file of outputFiles) {
        if (!file.path.endsWith("cli.js")) continue;
        const { code } = await transform(file.text, { minify: true, format: "esm", target: "node20" });
        file.contents = new TextEncoder().encode(code);
      }
    });
  },
};

const config: Options = {
  entry: { ...LIBRARY, cli: "src/cli/index.ts" },
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  dts: { entry: LIBRARY },
  // One file an entry: each further one costs every process that starts, and the entries share nothing at run time.
  splitting: false,
  // No source maps: the built files are not minified, so a stack trace can be read as it is, and a map is of use only
  // with the sources beside it, which would double the package.
  sourcemap: false,
  clean: true,
  // Keeps `node:http` as it is: without the prefix it could be mistaken for a package.
  removeNodeProtocol: false,
  // p-retry is ESM only: CommonJS users could not load it as a dependency on Node 20.
  noExternal: ["p-retry", "is-network-error"],
  esbuildPlugins: [thirdPartyLicences, minifiedCommand],
  esbuildOptions(options, { format }) {
    if (format !== "cjs") return;
    // A dynamic import fails inside Jest's CommonJS runtime, so lazy loading is `require` there.
    options.supported = { ...options.supported, "dynamic-import": false };
    options.define = { ...options.define, "import.meta.url": "undefined" };
    // The command is one program, and its ESM build is the one that package.json names.
    options.entryPoints = LIBRARY;
  },
};

export default config;
