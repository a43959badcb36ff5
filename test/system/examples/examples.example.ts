import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { MANIFEST } from "../../support/packed-package.js";
import { EXAMPLE_NAMES, exampleProject, manifestOf, packagesOf } from "./example-project.js";
import { npm, startEnvironment, startService } from "./setup.js";

/** The test projects start their own mock, so no endpoint is set. */
const NOTHING_SET = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "" };

/** Whether the server no longer accepts connections; each check opens a new one. */
const refuses = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => socket.destroy()).once("close", (hadError) => resolve(hadError));
    socket.once("error", () => {});
  });

/** An endpoint that refuses connections. */
async function unusedEndpoint(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

const SUCCEEDED = { exitCode: 0, stderr: "" };

test("plain-javascript prints the instance, its role and the expiration", async () => {
  const { env, credentials } = await startEnvironment();

  const { lines, ...ended } = await npm("plain-javascript", ["start"], env);

  expect(ended).toEqual(SUCCEEDED);
  expect(lines).toEqual([
    `i-0a1b2c3d4e5f67890 in eu-central-1 is report-writer, with key ${credentials.accessKeyId} until ${credentials.expiration?.toISOString()}`,
  ]);
});

test("typescript-esm prints the role, and what to do if there is none", async () => {
  const { env, imds, credentials } = await startEnvironment();

  const withRole = await npm("typescript-esm", ["start"], env);
  imds.detachRole();
  const withoutRole = await npm("typescript-esm", ["start"], env);

  expect(withRole).toEqual({
    ...SUCCEEDED,
    lines: [
      "initial refresh: new, 3 requests",
      `The role is report-writer, its credentials expire at ${credentials.expiration?.toISOString()}.`,
    ],
  });
  expect(withoutRole.exitCode).toBe(1);
  expect(withoutRole.stderr).toBe("This instance has no role yet: attach an instance profile.\n");
});

test("typescript-commonjs lists a bucket", async () => {
  const { env, put } = await startEnvironment();
  await put("today", "all is well");

  const { lines, ...ended } = await npm("typescript-commonjs", ["start"], env);

  expect(ended).toEqual(SUCCEEDED);
  expect(lines).toEqual(["reports has 1 objects", "today, 11 bytes"]);
});

test("s3-uploader sends a file in parts and shows the progress", async () => {
  const { env, s3 } = await startEnvironment();
  const file = join(await exampleProject("s3-uploader"), "film.bin");
  await writeFile(file, Buffer.alloc(12 * 1024 * 1024));

  const { lines, ...ended } = await npm("s3-uploader", ["start", "--", file, "films"], env);

  expect(ended).toEqual(SUCCEEDED);
  expect(lines.at(-1)).toBe(`${file} is s3://films/film.bin`);
  expect(lines.slice(0, -1)).toHaveLength(3);
  expect(lines.at(-2)).toBe("100 %");
  expect(
    s3.calls.filter(({ operation, status }) => operation === "UploadPart" && status === 200),
  ).toHaveLength(3);
});

test("s3-uploader sends an empty file", async () => {
  const { env } = await startEnvironment();
  const file = join(await exampleProject("s3-uploader"), "empty.bin");
  await writeFile(file, "");

  const { lines, ...ended } = await npm("s3-uploader", ["start", "--", file, "films"], env);

  expect(ended).toEqual(SUCCEEDED);
  expect(lines).toEqual(["100 %", `${file} is s3://films/empty.bin`]);
});

test("list-buckets lists the buckets with the instance's role", async () => {
  const { env, put, s3, credentials } = await startEnvironment();
  await put("today", "all is well");

  const { lines, ...ended } = await npm("list-buckets", ["start"], env);

  expect(ended).toEqual(SUCCEEDED);
  expect(lines).toEqual(["reports", "1 buckets"]);
  expect(s3.calls.at(-1)).toMatchObject({ operation: "ListBuckets", accessKeyId: credentials.accessKeyId });
});

test("list-buckets uses the credentials of a laptop where there is no instance", async () => {
  const { env, put, s3 } = await startEnvironment();
  await put("today", "all is well");
  const ofTheUser = { accessKeyId: "AKIAEXAMPLEOFTHEUSER", secretAccessKey: "secret of the user" };
  s3.accept(ofTheUser);

  const { lines, ...ended } = await npm("list-buckets", ["start"], {
    ...env,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: await unusedEndpoint(),
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: ofTheUser.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ofTheUser.secretAccessKey,
  });

  expect(ended).toEqual(SUCCEEDED);
  expect(lines).toEqual(["reports", "1 buckets"]);
  expect(s3.calls.at(-1)).toMatchObject({ accessKeyId: ofTheUser.accessKeyId });
});

test("worker-pool: four threads write with credentials that are fetched once", async () => {
  const { env, imds, s3 } = await startEnvironment();

  const { lines, ...ended } = await npm("worker-pool", ["start"], env);

  expect(ended).toEqual(SUCCEEDED);
  expect(lines.at(-1)).toBe("4 of 4 workers are done");
  expect(s3.calls.map(({ operation, status }) => [operation, status])).toEqual(
    Array(4).fill(["PutObject", 200]),
  );
  expect(imds.requests.filter(({ step }) => step === "credentials")).toHaveLength(1);
});

test.for(["jest-project", "vitest-project"])("%s passes its own tests", async (example) => {
  const { exitCode, lines, stderr } = await npm(example, ["test"], NOTHING_SET);

  expect(exitCode, [...lines, stderr].join("\n")).toBe(0);
  expect([...lines, stderr].join("\n")).toMatch(/Tests:? +2 passed/);
});

test("express-service uploads and serves reports, is healthy while it has credentials, and ends on SIGTERM", async () => {
  const { env, imds } = await startEnvironment();
  const service = await startService("express-service", env);

  const headers = { "content-type": "text/plain" };
  const uploaded = await fetch(`${service.url}/reports/today`, {
    method: "PUT",
    body: "all is well",
    headers,
  });
  expect(uploaded.status).toBe(201);
  const report = await fetch(`${service.url}/reports/today`);
  expect([report.status, await report.text()]).toEqual([200, "all is well"]);
  expect((await fetch(`${service.url}/reports/tomorrow`)).status).toBe(404);
  const health = await fetch(`${service.url}/health`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({ healthy: true, roleName: "report-writer" });
  expect(imds.requests.filter(({ step }) => step === "credentials")).toHaveLength(1);
  expect(await service.terminate()).toBe("closed\n");
});

test("express-service finishes requests in progress before it ends", async () => {
  const { env } = await startEnvironment();
  const slowS3 = createServer();
  slowS3.on("request", (_request, response) => {
    response.writeHead(200, { "content-length": 8 }).write("all ");
  });
  onTestFinished(() => void slowS3.close());
  await once(slowS3.listen(0, "127.0.0.1"), "listening");
  const { port } = slowS3.address() as AddressInfo;
  const service = await startService("express-service", {
    ...env,
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
  });

  const asked = once(slowS3, "request") as Promise<[IncomingMessage, ServerResponse]>;
  const report = fetch(`${service.url}/reports/today`, { headers: { connection: "close" } });
  const [, response] = await asked;
  const ended = service.terminate();
  // Once it handles the signal, it accepts no new connections.
  await vi.waitUntil(() => refuses(service.url), { timeout: 30_000 });
  response.end("well");

  expect(await (await report).text()).toBe("all well");
  expect(await ended).toBe("closed\n");
});

test("express-service reports that it is not healthy without a role", async () => {
  const { env, imds } = await startEnvironment();
  imds.detachRole();
  const service = await startService("express-service", env);

  const health = await fetch(`${service.url}/health`);

  expect(health.status).toBe(503);
  expect(await health.json()).toMatchObject({ healthy: false, error: "NO_ROLE_ATTACHED" });
  expect(await service.terminate()).toBe("closed\n");
});

test("express-service ends with an error if its port is in use", async () => {
  const { env } = await startEnvironment();
  const service = await startService("express-service", env);

  const second = await npm("express-service", ["start"], { ...env, PORT: new URL(service.url).port });

  expect(second.exitCode).toBe(1);
  expect(second.stderr).toContain("EADDRINUSE");
  expect(await service.terminate()).toBe("closed\n");
});

test.for(EXAMPLE_NAMES)("%s is private, and depends on the versions it is tested with", (example) => {
  const manifest = manifestOf(example);
  const { devDependencies }: { devDependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(resolve(import.meta.dirname, "../../../package.json"), "utf8"),
  );
  const expected = [...packagesOf(manifest).keys()].map((name) => [
    name,
    name === MANIFEST.name ? `^${MANIFEST.version}` : devDependencies[name],
  ]);

  expect(manifest).toMatchObject({ name: `example-${example}`, private: true });
  expect(Object.keys(manifest.dependencies)).toContain(MANIFEST.name);
  expect([...packagesOf(manifest)]).toEqual(expected);
});

test("every example has a test", () => {
  const tests = readFileSync(import.meta.filename, "utf8");

  expect(EXAMPLE_NAMES.filter((name) => !tests.includes(`"${name}"`))).toEqual([]);
});
