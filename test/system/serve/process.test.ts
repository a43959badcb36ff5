import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createMockImds } from "../../../src/testing/index.js";
import { CLEAN_ENVIRONMENT } from "../../support/child-process.js";
import { consumerProject } from "../../support/packed-package.js";
import { runProgram, WAIT_FOR_TEST } from "../../support/programs.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";

async function startServices() {
  const imds = createMockImds();
  const [listener, s3] = [await imds.listen(), new S3Endpoint()];
  onTestFinished(async () => {
    await Promise.all([listener.close(), s3.close()]);
  });
  if (imds.credentials) s3.accept(imds.credentials);
  const env = {
    AWS_ENDPOINT_URL_S3: await s3.listen(),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  return { s3, endpoint: listener.endpoint, env };
}

// A process that never ends is a test that never ends: no test here asks how long something took.

test.for(["mjs", "cjs"] as const)(
  "a process that serves credentials to its own clients ends by itself (%s)",
  async (format) => {
    const { s3, endpoint, env } = await startServices();
    const [imports, begin, end] =
      format === "mjs"
        ? [(names: string, from: string) => `import { ${names} } from "${from}";`, "", ""]
        : [
            (names: string, from: string) => `const { ${names} } = require("${from}");`,
            "(async () => {",
            "})();",
          ];
    const source = `
      ${imports("fromInstanceRole, serveCredentials", "ec2-role-credentials")}
      ${imports("PutObjectCommand, S3Client", "@aws-sdk/client-s3")}
      ${begin}
        const { env } = await serveCredentials(fromInstanceRole({ endpoint: ${JSON.stringify(endpoint)} }));
        Object.assign(process.env, env);
        const s3 = new S3Client({ region: "eu-central-1", forcePathStyle: true, maxAttempts: 1 });
        await s3.send(new PutObjectCommand({ Bucket: "reports", Key: "today", Body: "all is well" }));
        s3.destroy();
      ${end}`;

    const { stderr } = await runProgram(await consumerProject(["@aws-sdk/client-s3"]), format, source, {
      env,
    });

    // On a busy machine the SDK warns that the response took more than a second.
    expect(stderr).not.toContain("ec2-role-credentials");
    expect(s3.calls).toMatchObject([{ operation: "PutObject", status: 200 }]);
  },
);

test("connections that clients keep open do not keep the process alive", async () => {
  const source = `${WAIT_FOR_TEST}
    import { serveCredentials } from "ec2-role-credentials";
    const { env } = await serveCredentials(async () => ({ accessKeyId: "a", secretAccessKey: "b" }));
    process.send(env.AWS_CONTAINER_CREDENTIALS_FULL_URI);
    process.disconnect();
    await waitForTest();`;
  const program = join(await consumerProject(), "program.mjs");
  await writeFile(program, source);
  const child = fork(program, {
    env: { ...CLEAN_ENVIRONMENT },
    stdio: ["pipe", "inherit", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [url] = await once(child, "message");
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(
    socket.on("error", () => {}),
    "connect",
  );
  socket.write("GET /credentials HTTP/1.1\r\n");

  child.stdin?.end();

  expect(await once(child, "exit")).toEqual([0, null]);
});
