import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createMockImds } from "../../../src/testing/index.js";
import { consumerProject, MANIFEST } from "../../support/packed-package.js";
import { runProgram } from "../../support/programs.js";

/** Where a release says what its copies may call on each other; `src/runtime/global-store.ts`. */
const CONTRACT = /\bVERSION = (\d+);\n(?=var sharedSymbol)/;

/**
 * Puts another release of the package beside the one that is installed, as a dependency of a dependency may bring it.
 *
 * @param contract the number in its shared names, from the number in this one's
 */
async function installOtherRelease(project: string, name: string, contract: (own: number) => number) {
  const modules = join(project, "node_modules");
  const home = join(modules, name);
  await cp(join(modules, MANIFEST.name), home, { recursive: true });
  await writeFile(
    join(home, "package.json"),
    (await readFile(join(home, "package.json"), "utf8"))
      .replace(`"${MANIFEST.name}"`, `"${name}"`)
      .replace(`"version": "${MANIFEST.version}"`, '"version": "0.0.9"'),
  );
  for (const file of ["index.js", "index.cjs", "testing.js", "testing.cjs"]) {
    const path = join(home, "dist", file);
    const text = await readFile(path, "utf8");
    expect(text).toMatch(CONTRACT);
    await writeFile(
      path,
      text.replace(CONTRACT, (_, own: string) => `VERSION = ${contract(Number(own))};\n`),
    );
  }
}

const SOURCE = `
  import { createRequire } from "node:module";
  import * as current from "${MANIFEST.name}";
  import * as other from "other-release";
  import { clearSharedCredentials } from "${MANIFEST.name}/testing";
  const inCommonJs = createRequire(import.meta.url)("other-release");

  const keyOf = async (provider) => (await provider()).accessKeyId;
  const providers = [current, other, inCommonJs].map(({ fromInstanceRole }) => fromInstanceRole());
  const [mine, theirs] = providers;
  const before = await Promise.all(providers.map(keyOf));
  const regions = await Promise.all([current, other].map(({ instanceRegion }) => instanceRegion()()));

  // Each calls what the other made: a plugin for its provider, a check of its error.
  const plugins = [current.expiredTokenPlugin, other.expiredTokenPlugin].map((plugin, i) => {
    try {
      return typeof plugin(providers[1 - i]).applyToStack;
    } catch (error) {
      return error.name;
    }
  });
  const error = await other.fromInstanceRole({ endpoint: "http://127.0.0.1:9" })().catch((reason) => reason);

  mine.close();
  mine.invalidate(before[0]);
  const statuses = providers.map((provider) => provider.status());
  const afterwards = await keyOf(theirs);
  clearSharedCredentials();
  console.log(JSON.stringify({
    before,
    afterwards,
    regions,
    plugins,
    known: error instanceof current.InstanceMetadataError,
    // Which of them refresh ahead.
    ahead: statuses.map(({ nextRefresh }) => nextRefresh !== undefined),
    cleared: providers.map((provider) => provider.status().expiration === undefined),
  }));
`;

async function runBeside(contract: (own: number) => number) {
  const project = await consumerProject();
  await installOtherRelease(project, "other-release", contract);
  const imds = createMockImds({ region: "eu-central-1" });
  const listener = await imds.listen();
  onTestFinished(() => listener.close());

  const { stdout, stderr } = await runProgram(project, "mjs", SOURCE, {
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint },
  });

  expect(stderr).toBe("");
  return { imds, outcome: JSON.parse(stdout) };
}

test("a release with another contract shares nothing with this one, and both work", async () => {
  const { imds, outcome } = await runBeside((own) => own - 1);

  const key = imds.credentials?.accessKeyId;
  expect(outcome).toMatchObject({
    before: [key, key, key],
    afterwards: key,
    regions: ["eu-central-1", "eu-central-1"],
    // Said at once, rather than a call that does nothing later.
    plugins: ["TypeError", "TypeError"],
    known: true,
    // Closing this one's provider, and clearing its caches, leaves the other release's alone.
    ahead: [false, true, true],
    cleared: [true, false, false],
  });
  // Both module formats of one release are one, and the two releases are two.
  expect(imds.requests.filter(({ step }) => step === "token")).toHaveLength(2);
});

test("a release with the same contract shares its cache and its session token with this one", async () => {
  const { imds, outcome } = await runBeside((own) => own);

  const key = imds.credentials?.accessKeyId;
  expect(outcome).toMatchObject({
    before: [key, key, key],
    regions: ["eu-central-1", "eu-central-1"],
    plugins: ["function", "function"],
    known: true,
    cleared: [true, true, true],
  });
  expect(imds.requests.filter(({ step }) => step === "token")).toHaveLength(1);
});
