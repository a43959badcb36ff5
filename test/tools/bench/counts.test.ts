import { cp } from "node:fs/promises";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { fromInstanceRole } from "../../../src/index.js";
import { clearSharedCredentials, createMockImds } from "../../../src/testing/index.js";
import { run } from "../../support/child-process.js";
import { consumerProject } from "../../support/packed-package.js";
import { minifiedBytes } from "./sizes.js";

const LOAD = ["token", "role", "credentials"];

async function listening() {
  const imds = createMockImds();
  const listener = await imds.listen();
  clearSharedCredentials();
  onTestFinished(() => listener.close());
  return { imds, endpoint: listener.endpoint, steps: () => imds.requests.map(({ step }) => step) };
}

test("a hundred clients with a provider each make three requests together", async () => {
  const { endpoint, steps } = await listening();
  const clients = Array.from(
    { length: 100 },
    () => new S3Client({ region: "us-east-1", credentials: fromInstanceRole({ endpoint }) }),
  );

  const identities = await Promise.all(clients.map(({ config }) => config.credentials()));

  expect(new Set(identities.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
  expect(steps()).toEqual(LOAD);
});

test("a thousand callers at once make three requests, and all of them get credentials", async () => {
  const { imds, endpoint, steps } = await listening();
  const provider = fromInstanceRole({ endpoint });

  const identities = await Promise.all(Array.from({ length: 1000 }, () => provider()));

  expect(new Set(identities.map(({ accessKeyId }) => accessKeyId))).toEqual(
    new Set([imds.credentials?.accessKeyId]),
  );
  expect(steps()).toEqual(LOAD);
});

test("each rotation costs one request", async () => {
  const { imds, endpoint, steps } = await listening();
  const provider = fromInstanceRole({ endpoint });
  await provider();

  for (let rotation = 0; rotation < 10; rotation++) {
    const { accessKeyId } = imds.rotate();
    expect(await provider({ forceRefresh: true })).toMatchObject({ accessKeyId });
  }

  expect(steps()).toEqual([...LOAD, ...Array.from({ length: 10 }, () => "credentials")]);
});

test("ten thousand cached calls make no request and return the same promise", async () => {
  const { endpoint, steps } = await listening();
  const provider = fromInstanceRole({ endpoint });
  await provider();
  await provider();

  const promises = new Set(Array.from({ length: 10_000 }, () => provider()));

  expect(promises.size).toBe(1);
  expect(steps()).toEqual(LOAD);
});

/** Runs one of the benchmark's programs with the packed package, and gives what it printed. */
async function measured(program: string, flags: readonly string[], ...args: string[]): Promise<unknown> {
  const { endpoint } = await listening();
  const project = await consumerProject();
  await cp(join(import.meta.dirname, "programs", program), join(project, program));
  const command = ["--expose-gc", ...flags, program, ...args];
  const { exitCode, stdout, stderr } = await run(process.execPath, command, {
    cwd: project,
    // The programs keep a busy machine busier still.
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint, AWS_METADATA_SERVICE_TIMEOUT: "60" },
  });
  if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}\n${stderr}`);
  return JSON.parse(stdout);
}

test("a provider takes a few kilobytes, and one more with equal settings less than one", async () => {
  const lone = await measured("memory.mjs", [], "lone");
  const alike = await measured("memory.mjs", [], "alike");
  expect(lone).toBeGreaterThan(0);
  expect(lone).toBeLessThan(20_000);
  expect(alike).toBeGreaterThan(0);
  expect(alike).toBeLessThan(1000);
});

test("a cached call leaves no more garbage than its reading of the clock, and the heap does not grow", async () => {
  const report = await measured("allocation.mjs", ["--max-semi-space-size=256"], "300000");

  expect(report).toEqual({ bytesPerCall: expect.any(Number), growth: expect.any(Number) });
  const { bytesPerCall, growth } = report as { bytesPerCall: number; growth: number };
  // A number beyond 31 bits is an object of 16 bytes to V8, unless it is optimised away.
  expect(bytesPerCall).toBeLessThan(24);
  expect(growth).toBeLessThan(500_000);
});

test("the library is small: minified and gzipped without the SDK's packages", async () => {
  expect(await minifiedBytes()).toBeLessThan(30_000);
});
