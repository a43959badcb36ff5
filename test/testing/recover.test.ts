import { expect, test } from "vitest";
import { fromInstanceRole } from "../../src/index.js";
import { createMockImds } from "../../src/testing/index.js";
import { exchange, newToken, ROLES_PATH, readDocument, seen, TOKEN_HEADER } from "./client.js";

test("an outage ends: tokens, credentials, role and record stay as they are", async () => {
  const imds = createMockImds({ roleName: "first-role" });
  await using listener = await imds.listen();
  imds.attachRole("second-role");
  const before = imds.rotate();
  imds.setMetadata("mine", "x");
  const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint) };
  imds.fail({ times: Infinity });
  imds.fail({ mode: "hang", times: Infinity });
  imds.delay(3_600_000);
  imds.throttle({ perSecond: 0, answer: "silence" });
  imds.disable();

  imds.recover();

  expect(await exchange(listener.endpoint, ROLES_PATH, { headers })).toMatchObject({
    status: 200,
    body: "second-role",
  });
  expect(await exchange(listener.endpoint, "/latest/meta-data/mine", { headers })).toMatchObject({
    body: "x",
  });
  expect(imds.credentials).toEqual(before);
  expect(imds.requests.map(({ step }) => step)).toEqual(["token", "role", "metadata"]);
});

test("a request that an outage holds back is answered no more", async () => {
  const imds = createMockImds({ imdsV1: true });
  await using listener = await imds.listen();
  imds.fail({ mode: "hang", times: Infinity });
  const held = new AbortController();
  const hung = exchange(listener.endpoint, ROLES_PATH, { signal: held.signal }).catch(() => "no answer");
  await seen(imds, 1);

  imds.recover();

  expect(await exchange(listener.endpoint, ROLES_PATH)).toMatchObject({ status: 200 });
  held.abort();
  expect(await hung).toBe("no answer");
});

test("a provider keeps its credentials through the outage and refreshes after it", async () => {
  const imds = createMockImds();
  await using listener = await imds.listen();
  const provider = fromInstanceRole({ endpoint: listener.endpoint, maxRetries: 0 });
  const first = await provider();
  imds.fail({ status: 503, times: Infinity });
  imds.rotate();
  expect(await provider({ forceRefresh: true })).toMatchObject({ accessKeyId: first.accessKeyId });

  imds.recover();

  expect(await provider({ forceRefresh: true })).toMatchObject({
    accessKeyId: imds.credentials?.accessKeyId,
  });
  // The token from before the outage is still good.
  expect(imds.requests.filter(({ step }) => step === "token")).toHaveLength(1);
});

test("what fails in one path leaves the others alone", async () => {
  const imds = createMockImds({ imdsV1: true });
  await using listener = await imds.listen();
  const statusOf = async (path: string) => (await exchange(listener.endpoint, path)).status;
  imds.fail({ path: "/latest/meta-data/placement/region", status: 503, times: Infinity });
  imds.fail({ path: "iam/security-credentials/", status: 429, times: 2 });
  imds.fail({ path: "/latest/user-data", status: 500 });

  expect(await statusOf("/latest/meta-data/placement/region")).toBe(503);
  expect(await statusOf("/latest//meta-data/placement/region/?x=1")).toBe(503);
  expect(await statusOf("/2021-03-23/meta-data/placement/region")).toBe(200);
  expect(await statusOf("/latest/meta-data/placement/availability-zone")).toBe(200);
  // One that is written without a version is of all versions.
  expect(await statusOf(ROLES_PATH)).toBe(429);
  expect(await statusOf(ROLES_PATH.replace("latest", "2021-03-23"))).toBe(429);
  expect(await statusOf(ROLES_PATH)).toBe(200);
  expect(await statusOf("/latest/user-data")).toBe(500);
  expect(await statusOf("/latest/user-data")).toBe(404);
  imds.recover();
  expect(await statusOf("/latest/meta-data/placement/region")).toBe(200);
});

test("step and path have to match both", async () => {
  const imds = createMockImds();
  await using listener = await imds.listen();
  imds.fail({ on: "credentials", path: ROLES_PATH, times: Infinity });

  await expect(readDocument(listener.endpoint)).resolves.toMatchObject({ Code: "Success" });
});
