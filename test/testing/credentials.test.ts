import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createMockImds } from "../../src/testing/index.js";
import { exchange, newToken, ROLES_PATH, read, readDocument, seen, TOKEN_HEADER } from "./client.js";

const NOW = new Date("2031-05-06T07:08:09Z");
const minutes = (count: number): Date => new Date(NOW.getTime() + count * 60_000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the credentials document", () => {
  test("has the fields of EC2's and the credentials that the test sees", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();

    const document = await readDocument(listener.endpoint);

    expect(document).toEqual({
      Code: "Success",
      LastUpdated: "2031-05-06T07:08:09Z",
      Type: "AWS-HMAC",
      AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
      SecretAccessKey: expect.stringMatching(/^[\w+/]{40}$/),
      Token: expect.stringMatching(/^[\w+/=]{300,}$/),
      Expiration: "2031-05-06T13:08:09Z",
    });
    expect(imds.credentials).toEqual({
      accessKeyId: document.AccessKeyId,
      secretAccessKey: document.SecretAccessKey,
      sessionToken: document.Token,
      expiration: new Date("2031-05-06T13:08:09Z"),
    });
  });

  test("names the account when one was chosen", async () => {
    const imds = createMockImds({ accountId: "210987654321" });
    await using listener = await imds.listen();

    expect(await readDocument(listener.endpoint)).toMatchObject({ AccountId: "210987654321" });
    expect(imds.credentials).toMatchObject({ accountId: "210987654321" });
  });

  test("has an expiration in whole seconds that is never earlier than asked for", async () => {
    vi.setSystemTime("2031-05-06T07:08:09.250Z");

    const { expiration } = createMockImds({ credentialsTtlSeconds: 60 }).credentials ?? {};

    expect(expiration).toEqual(new Date("2031-05-06T07:09:10Z"));
  });
});

describe("a rotation", () => {
  const keyAt = (imds: ReturnType<typeof createMockImds>, moment: Date) => {
    vi.setSystemTime(moment);
    return imds.credentials?.accessKeyId;
  };

  test("comes five minutes before the old credentials expire, and not earlier", () => {
    const imds = createMockImds();
    const first = keyAt(imds, NOW);

    expect(keyAt(imds, minutes(354.99))).toBe(first);
    expect(keyAt(imds, minutes(355))).not.toBe(first);
    expect(imds.credentials?.expiration).toEqual(minutes(355 + 360));
  });

  test("comes with a quarter of a short life left", () => {
    const imds = createMockImds({ credentialsTtlSeconds: 600 });
    const first = keyAt(imds, NOW);

    expect(keyAt(imds, minutes(7.49))).toBe(first);
    expect(keyAt(imds, minutes(7.5))).not.toBe(first);
  });

  test("comes as often as chosen, on time even when there were no requests in between", () => {
    const imds = createMockImds({ rotateEverySeconds: 3600 });
    const keys = [0, 59, 60, 119, 120].map((minute) => keyAt(imds, minutes(minute)));

    expect(new Set(keys).size).toBe(3);
    keyAt(imds, minutes(330));
    expect(imds.credentials?.expiration).toEqual(minutes(300 + 360));
  });

  test("changes every field", () => {
    const imds = createMockImds();
    const before = imds.credentials;
    const after = imds.rotate();

    expect(after).toEqual(imds.credentials);
    for (const field of ["accessKeyId", "secretAccessKey", "sessionToken"] as const) {
      expect(after[field]).not.toBe(before?.[field]);
    }
  });

  test("starts by the test's clock when that is set back after the mock was made", () => {
    const imds = createMockImds();
    keyAt(imds, NOW);

    keyAt(imds, new Date("2025-01-01T00:00:00Z"));

    expect(imds.credentials?.expiration).toEqual(new Date("2025-01-01T06:00:00Z"));
  });

  test("does not change an answer that is already on its way", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();
    const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint) };
    const old = imds.credentials?.accessKeyId;
    imds.delay(50, "credentials");

    const late = exchange(listener.endpoint, `${ROLES_PATH}mock-role`, { headers });
    await seen(imds, 2);
    imds.rotate();

    expect(JSON.parse((await late).body)).toMatchObject({ AccessKeyId: old });
  });
});

describe("credentials that are given", () => {
  const GIVEN = { accessKeyId: "ASIAGIVEN", secretAccessKey: "given-secret", sessionToken: "given-token" };

  test("are served as they are, with the usual lifetime", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();

    expect(imds.rotate(GIVEN)).toEqual({ ...GIVEN, expiration: minutes(360) });
    expect(await readDocument(listener.endpoint)).toMatchObject({
      AccessKeyId: "ASIAGIVEN",
      SecretAccessKey: "given-secret",
      Token: "given-token",
      Expiration: "2031-05-06T13:08:09Z",
    });
  });

  test("may have expired", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();
    imds.rotate({ ...GIVEN, expiration: minutes(-10), accountId: "210987654321" });

    expect(await readDocument(listener.endpoint)).toMatchObject({
      AccountId: "210987654321",
      Expiration: "2031-05-06T06:58:09Z",
    });
  });

  test("stays until the next rotation, whatever the time", () => {
    const imds = createMockImds({ rotateEverySeconds: 60 });
    imds.rotate(imds.credentials);
    const frozen = imds.credentials;
    vi.setSystemTime(minutes(1000));

    expect(imds.credentials).toEqual(frozen);
    expect(imds.rotate().accessKeyId).not.toBe(frozen?.accessKeyId);
  });

  test("has the whole seconds that its document has", () => {
    const served = createMockImds().rotate({ ...GIVEN, expiration: new Date("2031-05-06T08:00:00.900Z") });

    expect(served.expiration).toEqual(new Date("2031-05-06T08:00:00Z"));
  });

  test("is not changed by what a client does to it", () => {
    const imds = createMockImds();
    const handedOut = imds.rotate(GIVEN);
    Object.assign(handedOut, { accessKeyId: "CHANGED" }).expiration?.setTime(0);

    expect(imds.credentials).toEqual({ ...GIVEN, expiration: minutes(360) });
  });
});

describe("the role", () => {
  test("is replaced: the list changes, the old document is 404, the credentials are others", async () => {
    const imds = createMockImds({ roleName: "old-role" });
    await using listener = await imds.listen();
    const before = await readDocument(listener.endpoint, "old-role");

    imds.attachRole("new-role");

    expect(await read(listener.endpoint, ROLES_PATH)).toMatchObject({ body: "new-role" });
    expect(await read(listener.endpoint, `${ROLES_PATH}old-role`)).toMatchObject({ status: 404 });
    const after = await readDocument(listener.endpoint, "new-role");
    expect(after.AccessKeyId).not.toBe(before.AccessKeyId);
    expect(imds.credentials?.accessKeyId).toBe(after.AccessKeyId);
  });

  test("is detached and, as at boot, attached a moment later", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();

    imds.detachRole();
    expect(imds.credentials).toBeUndefined();
    expect(await read(listener.endpoint, ROLES_PATH)).toMatchObject({ status: 404 });
    expect(await read(listener.endpoint, `${ROLES_PATH}mock-role`)).toMatchObject({ status: 404 });

    imds.attachRole("mock-role");
    expect(await readDocument(listener.endpoint)).toMatchObject({
      AccessKeyId: imds.credentials?.accessKeyId,
    });
  });

  test("cannot be assumed: it is listed, and its document says why", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();

    imds.denyAssumeRole("the trust policy says no");

    expect(imds.credentials).toBeUndefined();
    expect(await read(listener.endpoint, ROLES_PATH)).toMatchObject({ status: 200, body: "mock-role" });
    expect(await readDocument(listener.endpoint)).toEqual({
      Code: "AssumeRoleUnauthorizedAccess",
      Message: "the trust policy says no",
      LastUpdated: "2031-05-06T07:08:09Z",
    });
  });

  test("can be assumed again once it is attached again", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();
    imds.denyAssumeRole();
    imds.attachRole("mock-role");

    expect(await readDocument(listener.endpoint)).toMatchObject({ Code: "Success" });
  });
});
