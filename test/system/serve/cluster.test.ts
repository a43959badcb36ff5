import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { createMockImds } from "../../../src/testing/index.js";
import { start } from "../../support/child-process.js";
import { consumerProject, MANIFEST } from "../../support/packed-package.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";

const WORKERS = 8;

/** Each worker puts objects with new clients of its own, by the default chain, until standard input ends. */
const CLUSTER = `
  import cluster from "node:cluster";
  import { setTimeout as wait } from "node:timers/promises";
  import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
  if (cluster.isPrimary) {
    for (let i = 0; i < ${WORKERS}; i++) cluster.fork();
    process.stdin.once("end", () => cluster.disconnect()).resume();
  } else {
    const key = String(cluster.worker.id);
    while (cluster.worker.isConnected()) {
      const s3 = new S3Client({ region: "eu-central-1", forcePathStyle: true, maxAttempts: 1 });
      await s3.send(new PutObjectCommand({ Bucket: "reports", Key: key, Body: "all is well" }));
      s3.destroy();
      await wait(250);
    }
  }`;

test("a cluster of eight under serve fetches credentials once, and each refresh once, for all of its workers", async () => {
  // Inside their refresh window from the start, so that a refresh is due within seconds.
  const imds = createMockImds({ credentialsTtlSeconds: 30 });
  const [listener, s3] = [await imds.listen(), new S3Endpoint()];
  onTestFinished(async () => {
    await Promise.all([listener.close(), s3.close()]);
  });
  const project = await consumerProject(["@aws-sdk/client-s3"]);
  await writeFile(join(project, "cluster.mjs"), CLUSTER);
  const command = join(project, "node_modules", MANIFEST.name, "dist/cli.js");
  const fetches = () => imds.requests.filter(({ step }) => step === "credentials").length;
  const putsWith = (accessKeyId: string | undefined) =>
    s3.calls.filter((call) => call.status === 200 && call.accessKeyId === accessKeyId).length;
  if (imds.credentials) s3.accept(imds.credentials);

  const child = start(
    process.execPath,
    [command, "serve", "--endpoint", listener.endpoint, "--", process.execPath, "cluster.mjs"],
    {
      cwd: project,
      env: {
        AWS_ENDPOINT_URL_S3: await s3.listen(),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      },
    },
  );
  onTestFinished(() => child.kill());
  const first = imds.credentials?.accessKeyId;
  await vi.waitUntil(() => putsWith(first) >= WORKERS, { timeout: 100_000 });
  const initialFetches = fetches();
  const next = imds.rotate();
  s3.accept(next);
  await vi.waitUntil(() => putsWith(next.accessKeyId) >= WORKERS, { timeout: 100_000 });
  child.goOn();

  const { exitCode, stderr } = await child.ended;
  expect(exitCode).toBe(0);
  // On a busy machine the SDK warns that the response took more than a second.
  expect(stderr).not.toContain("ec2-role-credentials");
  // A busy machine may take so long to start eight workers that a refresh was due meanwhile.
  expect(initialFetches).toBeLessThanOrEqual(3);
  expect(fetches() - initialFetches).toBeLessThan(WORKERS);
  expect(imds.requests.filter(({ step }) => step === "token")).toHaveLength(1);
  expect(s3.calls.filter(({ status }) => status !== 200)).toEqual([]);
});
