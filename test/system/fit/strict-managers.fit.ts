import { copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { run } from "../../support/child-process.js";
import { MANIFEST, packedPackage } from "../../support/packed-package.js";
import { CALLER, HANDLER } from "./handler-program.js";
import { startServices } from "./services.js";
import { installCommand, SEED_DEPENDENCIES, type StrictManager, yarnSettings } from "./strict-stores.js";

/** What Node needs to find packages where there is no `node_modules`. */
const NODE_FLAGS: Readonly<Record<StrictManager, readonly string[]>> = {
  pnpm: [],
  yarn: ["--no-warnings", "--require", "./.pnp.cjs", "--experimental-loader", "./.pnp.loader.mjs"],
};

/** A project that a strict package manager has installed from the packed package. */
async function strictProject(manager: StrictManager, format: "mjs" | "cjs"): Promise<string> {
  await packedPackage();
  const stores = inject("strictStores");
  const project = await mkdtemp(join(inject("runDirectory"), `${manager}-`));
  const tarball = join(inject("runDirectory"), "packed", `${MANIFEST.name}-${MANIFEST.version}.tgz`);
  const dependencies = { ...SEED_DEPENDENCIES, [MANIFEST.name]: `file:${tarball}` };
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, dependencies }));
  await writeFile(join(project, `handler.${format}`), HANDLER[format]);
  await writeFile(join(project, `main.${format}`), CALLER[format](`handler.${format}`));
  const command = [...installCommand(manager, inject("bundlerPackages"), stores)];
  if (manager === "pnpm") command.push("--offline");
  else {
    await writeFile(join(project, ".yarnrc.yml"), `${yarnSettings(stores)}enableOfflineMode: true\n`);
    await copyFile(join(stores, "yarn-seed/yarn.lock"), join(project, "yarn.lock"));
  }
  const [program = "", ...args] = command;
  const { exitCode, stdout, stderr } = await run(program, args, { cwd: project });
  if (exitCode !== 0) throw new Error(`${manager} ended with ${exitCode}\n${stdout}\n${stderr}`);
  return project;
}

const cases = (["pnpm", "yarn"] as const).flatMap((manager) =>
  (["mjs", "cjs"] as const).map((format) => ({ manager, format })),
);

test.for(cases)("the packed package works as $manager installs it ($format)", async ({ manager, format }) => {
  const services = await startServices();
  onTestFinished(() => services.close());
  const project = await strictProject(manager, format);

  const { stdout, stderr } = await run(process.execPath, [...NODE_FLAGS[manager], `main.${format}`], {
    cwd: project,
    env: services.env,
  });

  expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^\{.*\}\n$/), stderr: "" });
  expect(JSON.parse(stdout)).toEqual(services.expected);
});
