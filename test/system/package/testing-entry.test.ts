import { expect, test } from "vitest";
import { runAndTrace } from "../../support/loaded-files.js";
import { consumerProject } from "../../support/packed-package.js";
import { runProgram } from "../../support/programs.js";

const FORMATS = [
  {
    extension: "mjs",
    imports: (name: string, from: string) => `const { ${name} } = await import("${from}");`,
  },
  { extension: "cjs", imports: (name: string, from: string) => `const { ${name} } = require("${from}");` },
] as const;

test.for(FORMATS)("a mocked IMDS works where msw is not installed ($extension)", async (format) => {
  const { imports, extension } = format;
  const source = `(async () => {
    ${imports("createMockImds", "ec2-role-credentials/testing")}
    ${imports("fromInstanceRole", "ec2-role-credentials")}
    const imds = createMockImds({ roleName: "web-server" });
    const listener = await imds.listen();
    const provider = fromInstanceRole({ endpoint: listener.endpoint });
    const first = await provider();
    const rotated = imds.rotate();
    const second = await provider({ forceRefresh: true });
    await listener.close();
    console.log(JSON.stringify({
      rotated: first.accessKeyId !== second.accessKeyId && second.accessKeyId === rotated.accessKeyId,
      role: provider.status().roleName,
      handlers: imds.handlers.length,
    }));
  })();`;

  const { stdout } = await runProgram(await consumerProject(), extension, source);

  expect(JSON.parse(stdout)).toEqual({
    rotated: true,
    role: "web-server",
    handlers: 1,
  });
});

test.for(FORMATS)(
  "with msw installed, its server answers the library's requests ($extension)",
  async (format) => {
    const { imports, extension } = format;
    const source = `(async () => {
    ${imports("createMockImds", "ec2-role-credentials/testing")}
    ${imports("fromInstanceRole", "ec2-role-credentials")}
    ${imports("setupServer", "msw/node")}
    delete process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
    const imds = createMockImds();
    const server = setupServer(...imds.handlers);
    server.listen({ onUnhandledRequest: "error" });
    const { accessKeyId } = await fromInstanceRole()();
    server.close();
    console.log(JSON.stringify({ same: accessKeyId === imds.credentials.accessKeyId, steps: imds.requests.map((r) => r.step) }));
  })();`;

    const { stdout } = await runProgram(await consumerProject(["msw"]), extension, source);

    expect(JSON.parse(stdout)).toEqual({ same: true, steps: ["token", "role", "credentials"] });
  },
);

test.for(FORMATS)(
  "a mocked IMDS loads no other package, even if msw is installed ($extension)",
  async (format) => {
    const { imports, extension } = format;
    const source = `(async () => {
    ${imports("createMockImds", "ec2-role-credentials/testing")}
    const imds = createMockImds();
    const listener = await imds.listen();
    await listener.close();
    if (imds.handlers.length === 0) throw new Error("no handlers");
  })();`;

    const { files } = await runAndTrace(await consumerProject(["msw"]), extension, source);

    expect(files.filter((file) => /node_modules\/(?!ec2-role-credentials\/)/.test(file))).toEqual([]);
  },
);
