import { expect, onTestFinished, test } from "vitest";
import type { MockListener } from "../../../src/testing/index.js";
import { createMockImds } from "../../../src/testing/index.js";
import { consumerProject } from "../../support/packed-package.js";
import { runProgram } from "../../support/programs.js";

async function listening() {
  const imds = createMockImds({ roleName: "web-server", region: "eu-central-1" });
  const listener = await imds.listen();
  onTestFinished(() => listener.close());
  return { imds, listener };
}

const environment = ({ endpoint }: MockListener) => ({
  env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint },
});

const PUBLIC = [
  "InstanceMetadataClient",
  "InstanceMetadataError",
  "REFRESH_CHANNEL",
  "expiredTokenPlugin",
  "fromInstanceRole",
  "instanceRegion",
  "refreshAhead",
  "serveCredentials",
];

const USE = `
  const identity = await library.fromInstanceRole()();
  const region = await library.instanceRegion()();
  console.log(JSON.stringify({ names: Object.keys(library).sort(), id: identity.accessKeyId, region }));
`;

test("an ES module imports the library by its name and gets credentials", async () => {
  const { imds, listener } = await listening();
  const source = `import * as library from "ec2-role-credentials"; ${USE}`;

  const { stdout, stderr } = await runProgram(await consumerProject(), "mjs", source, environment(listener));

  expect(JSON.parse(stdout)).toEqual({
    names: PUBLIC,
    id: imds.credentials?.accessKeyId,
    region: "eu-central-1",
  });
  expect(stderr).toBe("");
});

test("a CommonJS module requires the library by its name and gets credentials", async () => {
  const { imds, listener } = await listening();
  const source = `const library = require("ec2-role-credentials"); (async () => { ${USE} })();`;

  const { stdout, stderr } = await runProgram(await consumerProject(), "cjs", source, environment(listener));

  expect(JSON.parse(stdout)).toEqual({
    names: PUBLIC,
    id: imds.credentials?.accessKeyId,
    region: "eu-central-1",
  });
  expect(stderr).toBe("");
});

test("the ESM and the CommonJS copy in one process share one load, one token, one read of the Region and one error class", async () => {
  const { imds, listener } = await listening();
  const source = `
    import { createRequire } from "node:module";
    import * as esm from "ec2-role-credentials";
    import { clearSharedCredentials } from "ec2-role-credentials/testing";
    const cjs = createRequire(import.meta.url)("ec2-role-credentials");
    const [one, other] = [esm.fromInstanceRole(), cjs.fromInstanceRole()];
    const [a, b] = await Promise.all([one(), other()]);
    const later = await esm.fromInstanceRole()();
    const regions = [await cjs.instanceRegion()(), await esm.instanceRegion()()];
    // Found out by one copy's code, in the other copy's reader.
    const clients = [new esm.InstanceMetadataClient({ maxRetries: 0 }), new cjs.InstanceMetadataClient({ maxRetries: 0 })];
    const failures = [];
    for (const client of clients) failures.push(await client.identityDocument().catch(({ code }) => code));
    clearSharedCredentials();
    await Promise.all([one(), other()]);
    process.env.AWS_EC2_METADATA_DISABLED = "true";
    clearSharedCredentials();
    const [fromEsm, fromCjs] = await Promise.all([one().catch((e) => e), other().catch((e) => e)]);
    console.log(JSON.stringify({
      classes: esm.InstanceMetadataError === cjs.InstanceMetadataError ? 1 : 2,
      ids: [a.accessKeyId, b.accessKeyId, later.accessKeyId],
      regions,
      failures,
      esmKnowsCjs: new cjs.InstanceMetadataError("x", { code: "NOT_FOUND", step: "metadata" }) instanceof esm.InstanceMetadataError,
      cjsKnowsEsm: new esm.InstanceMetadataError("x", { code: "NOT_FOUND", step: "metadata" }) instanceof cjs.InstanceMetadataError,
      strangers: [{}, new Error("x"), undefined].map((value) => value instanceof esm.InstanceMetadataError),
      disabled: [fromEsm instanceof cjs.InstanceMetadataError, fromCjs instanceof esm.InstanceMetadataError],
    }));`;

  imds.setMetadata("dynamic/instance-identity/document", "not JSON");

  const { stdout } = await runProgram(await consumerProject(), "mjs", source, environment(listener));

  const id = imds.credentials?.accessKeyId;
  expect(JSON.parse(stdout)).toEqual({
    classes: 2,
    ids: [id, id, id],
    regions: ["eu-central-1", "eu-central-1"],
    failures: ["INVALID_RESPONSE", "INVALID_RESPONSE"],
    esmKnowsCjs: true,
    cjsKnowsEsm: true,
    strangers: [false, false, false],
    disabled: [true, true],
  });
  // One load, one Region and two documents with other settings; and one load more after clearing.
  expect(imds.requests.map(({ step }) => step)).toEqual([
    "token",
    "role",
    "credentials",
    "metadata",
    "token",
    "metadata",
    "metadata",
    "token",
    "role",
    "credentials",
  ]);
});

/** As Jest runs CommonJS: every file but Node's own in a `vm`, where nothing answers a dynamic import. */
const JEST_LIKE = `
  const { readFileSync } = require("node:fs");
  const { createRequire, isBuiltin } = require("node:module");
  const { dirname } = require("node:path");
  const vm = require("node:vm");
  const cache = new Map();
  const load = (filename) => {
    if (cache.has(filename)) return cache.get(filename).exports;
    const module = { exports: {} };
    cache.set(filename, module);
    const text = readFileSync(filename, "utf8");
    if (filename.endsWith(".json")) return (module.exports = JSON.parse(text));
    const { resolve } = createRequire(filename);
    const require = Object.assign((name) => (isBuiltin(name) ? process.getBuiltinModule?.(name) ?? global.require(name) : load(resolve(name))), { resolve });
    vm.compileFunction(text, ["module", "exports", "require", "__filename", "__dirname"], { filename })(
      module, module.exports, require, filename, dirname(filename));
    return module.exports;
  };
  global.require = require;
  const library = load(require.resolve("ec2-role-credentials"));
  const testing = load(require.resolve("ec2-role-credentials/testing"));
  const refused = vm.compileFunction('return import("node:path")')().catch((error) => error.code);
`;

test("in Jest's CommonJS, where a dynamic import fails, everything that loads lazily still loads", async () => {
  const source = `${JEST_LIKE}
    (async () => {
      const imds = testing.createMockImds();
      const listener = await imds.listen();
      process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = listener.endpoint;
      const identity = await library.fromInstanceRole()();
      const region = await library.instanceRegion()();
      await listener.close();
      console.log(JSON.stringify({
        dynamicImport: await refused,
        same: identity.accessKeyId === imds.credentials.accessKeyId,
        region,
        handlers: imds.handlers.length > 0,
        lazily: [...cache.keys()].some((name) => /@smithy.node-http-handler/.test(name)),
      }));
    })();`;

  const { stdout } = await runProgram(await consumerProject(["msw"]), "cjs", source);

  expect(JSON.parse(stdout)).toEqual({
    dynamicImport: "ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING",
    same: true,
    region: "us-east-1",
    handlers: true,
    lazily: true,
  });
});
