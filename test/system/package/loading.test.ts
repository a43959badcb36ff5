import { expect, onTestFinished, test } from "vitest";
import { createMockImds } from "../../../src/testing/index.js";
import { runAndTrace } from "../../support/loaded-files.js";
import { consumerProject, MANIFEST } from "../../support/packed-package.js";

const FORMATS = [
  { extension: "mjs", load: (name: string) => `const library = await import("${name}");` },
  { extension: "cjs", load: (name: string) => `const library = require("${name}");` },
] as const;

const BUILTINS = `const loaded = () => process.moduleLoadList.filter((name) => /^NativeModule https?$/.test(name));`;
const packagesIn = (files: readonly string[]) => [
  ...new Set(files.flatMap((file) => file.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? [])),
];

async function listening() {
  const imds = createMockImds();
  const listener = await imds.listen();
  onTestFinished(() => listener.close());
  return { imds, env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint } };
}

test.for(FORMATS)(
  "importing and configuring loads no other package and no HTTP ($extension)",
  async (format) => {
    const { load, extension } = format;
    const source = `${BUILTINS} ${load(MANIFEST.name)}
    library.fromInstanceRole();
    library.instanceRegion();
    new library.InstanceMetadataClient();
    console.log(JSON.stringify(loaded()));`;

    const { files, stdout } = await runAndTrace(await consumerProject(["msw"]), extension, source);

    expect(packagesIn(files)).toEqual([MANIFEST.name]);
    expect(JSON.parse(stdout)).toEqual([]);
  },
);

test.for(FORMATS)("using the library loads its dependencies and never msw ($extension)", async (format) => {
  const { load, extension } = format;
  const { env, imds } = await listening();
  const source = `(async () => { ${BUILTINS} ${load(MANIFEST.name)}
    await library.fromInstanceRole()();
    await library.instanceRegion()();
    console.log(JSON.stringify(loaded()));
  })();`;

  const { files, stdout } = await runAndTrace(await consumerProject(["msw"]), extension, source, { env });

  expect(imds.requests).not.toHaveLength(0);
  expect(packagesIn(files)).toContain("@smithy/node-http-handler");
  expect(packagesIn(files)).not.toContain("msw");
  expect(packagesIn(files).filter((name) => !name.startsWith("@smithy/") && name !== MANIFEST.name)).toEqual(
    [],
  );
  expect(JSON.parse(stdout)).toContain("NativeModule http");
});
