import { copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { inject } from "vitest";
import { run } from "../../support/child-process.js";
import { HANDLER, handlerProject } from "./handler-program.js";

/** The usual remedy for CommonJS packages in an ES module: esbuild's output has no `require` of its own. */
const BANNER = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** Bundles the handler, away from where anything is installed, and gives the file that exports it. */
export type HandlerBundler = () => Promise<string>;

const outside = (): Promise<string> => mkdtemp(join(inject("runDirectory"), "bundle-"));

async function must(command: readonly string[], cwd: string): Promise<void> {
  const [program = "", ...args] = command;
  const { exitCode, stdout, stderr } = await run(program, args, { cwd });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}\n${stdout}\n${stderr}`);
}

async function esbuildWithBanner(): Promise<string> {
  const outfile = join(await outside(), "handler.mjs");
  await build({
    entryPoints: [join(await handlerProject("mjs"), "handler.mjs")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    banner: { js: BANNER },
    logLevel: "silent",
  });
  return outfile;
}

async function ncc(): Promise<string> {
  const project = await handlerProject("cjs");
  const directory = await outside();
  const cli = join(inject("bundlerPackages"), "@vercel/ncc/dist/ncc/cli.js");
  await must([process.execPath, cli, "build", "handler.cjs", "-o", directory, "-q"], project);
  return join(directory, "index.cjs");
}

async function vite(): Promise<string> {
  const project = await handlerProject("mjs");
  const directory = await outside();
  const { build: viteBuild } = await import(
    pathToFileURL(join(inject("bundlerPackages"), "vite/dist/node/index.js")).href
  );
  await viteBuild({
    root: project,
    configFile: false,
    logLevel: "silent",
    ssr: { noExternal: true },
    build: {
      ssr: "handler.mjs",
      outDir: directory,
      rollupOptions: { output: { entryFileNames: "handler.mjs" } },
    },
  });
  return join(directory, "handler.mjs");
}

export const HANDLER_BUNDLERS: Readonly<Record<string, HandlerBundler>> = {
  "esbuild, ESM with the usual banner": esbuildWithBanner,
  ncc,
  "Vite SSR": vite,
};

/** Where Node looks for the program in an executable. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** Makes a single executable of a program that calls the handler, and gives its path. */
export async function singleExecutable(): Promise<string> {
  const project = await handlerProject("cjs");
  const directory = await outside();
  const main = join(directory, "main.cjs");
  await writeFile(join(project, "entry.cjs"), `${HANDLER.cjs}\n${CALL}`);
  await build({
    entryPoints: [join(project, "entry.cjs")],
    outfile: main,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    logLevel: "silent",
  });
  const config = { main, output: join(directory, "main.blob"), disableExperimentalSEAWarning: true };
  await writeFile(join(directory, "sea.json"), JSON.stringify(config));
  await must([process.execPath, "--experimental-sea-config", "sea.json"], directory);
  const program = join(directory, "program");
  await copyFile(process.execPath, program);
  const postject = join(inject("bundlerPackages"), "postject/dist/cli.js");
  const blob = ["NODE_SEA_BLOB", config.output, "--sentinel-fuse", FUSE];
  await must([process.execPath, postject, program, ...blob], dirname(program));
  return program;
}

const CALL = "exports.handler().then((report) => console.log(JSON.stringify(report)));\n";
