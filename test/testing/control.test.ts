import { afterEach, describe, expect, test, vi } from "vitest";
import { fromInstanceRole } from "../../src/index.js";
import { createMockImds, type MockImds, type MockImdsOptions } from "../../src/testing/index.js";
import { exchange, newToken, ROLES_PATH, readDocument, TOKEN_HEADER } from "./client.js";

afterEach(() => {
  vi.useRealTimers();
});

describe("what is not valid is a TypeError that names it:", () => {
  const OPTIONS: readonly (readonly [name: string, options: object])[] = [
    ["options", []],
    ["options.roleNme", { roleNme: "typo" }],
    ["roleName", { roleName: "" }],
    ["roleName", { roleName: "two words" }],
    ["roleName", { roleName: "../user-data" }],
    ["roleName", { roleName: ".." }],
    ["roleName", { roleName: "röle" }],
    ["roleName", { roleName: "r".repeat(65) }],
    ["accountId", { accountId: "1234" }],
    ["accountId", { accountId: 210987654321 }],
    ["region", { region: "" }],
    ["region", { region: "us east 1" }],
    ["availabilityZone", { availabilityZone: "a/b" }],
    ["instanceId", { instanceId: "i 1" }],
    ["tags", { tags: "Name" }],
    ["tags", { tags: ["Name"] }],
    ["tags", { tags: { "a b": "" } }],
    ["tags", { tags: { "..": "" } }],
    ["tags.Name", { tags: { Name: 1 } }],
    ["userData", { userData: 1 }],
    ["userData", { userData: null }],
    ["metadata", { metadata: "ami-id" }],
    ["metadata", { metadata: [] }],
    ["metadata path", { metadata: { "": "x" } }],
    ["metadata path", { metadata: { "/": "x" } }],
    ["metadata path", { metadata: { "meta-data/": "x" } }],
    ["metadata path", { metadata: { dynamic: "x" } }],
    ["metadata path", { metadata: { "/latest/api/token": "x" } }],
    ["metadata path", { metadata: { "/latest/user-data": "x" } }],
    ["metadata path", { metadata: { "user-data": "x" } }],
    ["metadata path", { metadata: { "../user-data": "x" } }],
    ["metadata path", { metadata: { "ami-id?x": "x" } }],
    ["metadata path", { metadata: { "ami\nid": "x" } }],
    ["metadata ami-id", { metadata: { "ami-id": 1 } }],
    ["metadata ami-id", { metadata: { "ami-id": undefined } }],
    ["credentialsTtlSeconds", { credentialsTtlSeconds: -1 }],
    ["credentialsTtlSeconds", { credentialsTtlSeconds: 0 }],
    ["credentialsTtlSeconds", { credentialsTtlSeconds: 1.5 }],
    ["credentialsTtlSeconds", { credentialsTtlSeconds: Number.NaN }],
    ["credentialsTtlSeconds", { credentialsTtlSeconds: "60" }],
    ["rotateEverySeconds", { rotateEverySeconds: 0 }],
    ["rotateEverySeconds", { rotateEverySeconds: Infinity }],
    ["imdsV1", { imdsV1: "yes" }],
    ["endpoint", { endpoint: "169.254.169.254" }],
    ["endpoint", { endpoint: "ftp://imds.example" }],
  ];

  test.for(OPTIONS)("%s in %j", ([name, options]) => {
    const create = () => createMockImds(options as MockImdsOptions);

    expect(create).toThrow(TypeError);
    expect(create).toThrow(new RegExp(`^${name.replace(".", "\\.")} (must be|is unknown)`));
  });

  /** Calls as untyped code makes them. */
  type Untyped = { [K in keyof MockImds]: (...args: unknown[]) => unknown };
  const NO_DATE = { accessKeyId: "a", secretAccessKey: "b", sessionToken: "c", expiration: new Date("soon") };

  const CALLS: readonly (readonly [name: string, call: (imds: Untyped) => unknown])[] = [
    ["fault", (imds) => imds.fail()],
    ["fault", (imds) => imds.fail("token")],
    ["fault.stauts", (imds) => imds.fail({ stauts: 500 })],
    ["fault.on", (imds) => imds.fail({ on: "tokens" })],
    ["fault.times", (imds) => imds.fail({ times: 0 })],
    ["fault.times", (imds) => imds.fail({ times: 1.5 })],
    ["fault.after", (imds) => imds.fail({ after: -1 })],
    ["fault.status", (imds) => imds.fail({ status: 99 })],
    ["fault.status", (imds) => imds.fail({ status: "500" })],
    ["fault.body", (imds) => imds.fail({ body: 1 })],
    ["fault.mode", (imds) => imds.fail({ mode: "explode" })],
    ["fault.path", (imds) => imds.fail({ path: "" })],
    ["fault.path", (imds) => imds.fail({ path: 1 })],
    ["fault.path", (imds) => imds.fail({ path: "/latest/%zz" })],
    ["fault path", (imds) => imds.fail({ path: "../ami-id" })],
    ["metadata path", (imds) => imds.setMetadata("", "x")],
    ["metadata path", (imds) => imds.setMetadata(1, "x")],
    ["metadata ami-id", (imds) => imds.setMetadata("ami-id", 1)],
    ["metadata ami-id", (imds) => imds.setMetadata("ami-id")],
    ["action", (imds) => imds.interruptSpot("reboot")],
    ["inSeconds", (imds) => imds.interruptSpot("stop", -1)],
    ["inSeconds", (imds) => imds.interruptSpot("stop", "120")],
    ["state", (imds) => imds.setTargetLifecycleState("terminated")],
    ["state", (imds) => imds.setTargetLifecycleState()],
    ["event", (imds) => imds.scheduleMaintenance()],
    ["event.begin", (imds) => imds.scheduleMaintenance({ begin: 1 })],
    ["event.code", (imds) => imds.scheduleMaintenance({ code: "explosion" })],
    ["event.description", (imds) => imds.scheduleMaintenance({ description: "" })],
    ["event.notBefore", (imds) => imds.scheduleMaintenance({ notBefore: "soon" })],
    ["event.notBefore", (imds) => imds.scheduleMaintenance({ notBefore: 0 })],
    ["event.notAfter", (imds) => imds.scheduleMaintenance({ notAfter: new Date(0) })],
    ["event.state", (imds) => imds.scheduleMaintenance({ state: "done" })],
    ["ms", (imds) => imds.delay(-1)],
    ["ms", (imds) => imds.delay(Number.NaN)],
    ["ms", (imds) => imds.delay(2 ** 31)],
    ["on", (imds) => imds.delay(1, "tokens")],
    ["limit", (imds) => imds.throttle(5)],
    ["limit.perSecond", (imds) => imds.throttle({ perSecond: -1, answer: 429 })],
    ["limit.answer", (imds) => imds.throttle({ perSecond: 1, answer: 500 })],
    ["name", (imds) => imds.attachRole("a/b")],
    ["name", (imds) => imds.attachRole()],
    ["left", (imds) => imds.detachRole("everything")],
    ["message", (imds) => imds.denyAssumeRole("")],
    ["credentials", (imds) => imds.rotate("ASIA")],
    ["credentials.accessKeyId", (imds) => imds.rotate({})],
    ["credentials.secretAccessKey", (imds) => imds.rotate({ accessKeyId: "a" })],
    ["credentials.sessionToken", (imds) => imds.rotate({ accessKeyId: "a", secretAccessKey: "b" })],
    ["credentials.accountId", (imds) => imds.rotate({ ...NO_DATE, expiration: undefined, accountId: "1" })],
    ["credentials.expiration", (imds) => imds.rotate(NO_DATE)],
    ["credentials.expiration", (imds) => imds.rotate({ ...NO_DATE, expiration: new Date("+010000-01-01") })],
    ["credentials.expiration", (imds) => imds.rotate({ ...NO_DATE, expiration: new Date("-000001-01-01") })],
  ];

  test.for(CALLS)("%s by %s", ([name, call]) => {
    const imds = createMockImds() as unknown as Untyped;

    expect(() => call(imds)).toThrow(TypeError);
    expect(() => call(imds)).toThrow(new RegExp(`^${name.replace(".", "\\.")} (must be|is unknown)`));
  });

  test.for([
    ["port", { port: -1 }],
    ["port", { port: 65536 }],
    ["port", { port: "1338" }],
    ["host", { host: "" }],
    ["options.adress", { adress: "127.0.0.1" }],
  ] as const)("%s of listen in %j", async ([name, options]) => {
    await expect(createMockImds().listen(options as object)).rejects.toThrow(
      expect.objectContaining({ name: "TypeError", message: expect.stringMatching(new RegExp(`^${name} `)) }),
    );
  });

  test("a rotation or a denial without a role", () => {
    const imds = createMockImds({ roleName: null });

    expect(() => imds.rotate()).toThrow(/^rotate needs a role/);
    expect(() => imds.denyAssumeRole()).toThrow(/^denyAssumeRole needs a role/);
  });

  test("and never shows a secret", () => {
    const given = { accessKeyId: "a", secretAccessKey: 42_424_242, sessionToken: "c" };

    expect(() => createMockImds().rotate(given as never)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("42424242") }),
    );
  });

  test("and changes nothing", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();
    const before = imds.credentials;

    expect(() => imds.attachRole("a/b")).toThrow();
    expect(() => imds.fail({ on: "token", status: 1000 })).toThrow();
    expect(() => imds.rotate({ accessKeyId: "a", secretAccessKey: "" })).toThrow();

    expect(await readDocument(listener.endpoint)).toMatchObject({ AccessKeyId: before?.accessKeyId });
  });
});

test("two mocks side by side do not mix", async () => {
  const one = createMockImds({ roleName: "one" });
  const other = createMockImds({ roleName: "other" });
  await using oneListener = await one.listen();
  await using otherListener = await other.listen();
  one.fail({ on: "role", times: Infinity });
  one.delay(3_600_000, "metadata");
  one.throttle({ perSecond: 0, answer: 429 });
  one.disable();
  const rotated = one.rotate();

  const document = await readDocument(otherListener.endpoint, "other");

  expect(document.AccessKeyId).toBe(other.credentials?.accessKeyId);
  expect(document.AccessKeyId).not.toBe(rotated.accessKeyId);
  expect(one.requests).toHaveLength(0);
  expect(other.requests.map(({ step }) => step)).toEqual(["token", "credentials"]);
  expect(oneListener.port).not.toBe(otherListener.port);
});

test("requests are recorded: method, path, headers, status and step", async () => {
  const imds = createMockImds();
  await using listener = await imds.listen();
  const token = await newToken(listener.endpoint, 60);
  await exchange(listener.endpoint, `${ROLES_PATH}?x=1`, {
    headers: { [TOKEN_HEADER]: token, "X-Mine": "1" },
  });
  await exchange(listener.endpoint, "/elsewhere", { method: "DELETE" });

  expect(imds.requests).toMatchObject([
    {
      method: "PUT",
      path: "/latest/api/token",
      headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" },
      status: 200,
      step: "token",
    },
    {
      method: "GET",
      path: `${ROLES_PATH}?x=1`,
      headers: { [TOKEN_HEADER]: token, "x-mine": "1" },
      status: 200,
      step: "role",
    },
    { method: "DELETE", path: "/elsewhere", status: 405, step: "other" },
  ]);
});

describe("reset", () => {
  test("empties the record that a test holds, which goes on", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();
    const { requests } = imds;
    await newToken(listener.endpoint);

    imds.reset();
    expect(requests).toEqual([]);
    await newToken(listener.endpoint);

    expect(requests).toMatchObject([{ step: "token" }]);
  });

  test("goes back to the options, under the listeners that are open", async () => {
    const imds = createMockImds({ roleName: "web-server" });
    await using listener = await imds.listen();
    const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint) };
    const before = imds.rotate({ accessKeyId: "GIVEN", secretAccessKey: "s", sessionToken: "t" });
    imds.attachRole("other-role");
    imds.fail({ times: Infinity });
    imds.delay(3_600_000);
    imds.throttle({ perSecond: 0, answer: "silence" });
    imds.disable();

    imds.reset();

    expect(imds.requests).toEqual([]);
    expect(imds.credentials?.accessKeyId).toMatch(/^ASIA/);
    expect(imds.credentials?.accessKeyId).not.toBe(before.accessKeyId);
    expect(await exchange(listener.endpoint, ROLES_PATH, { headers })).toMatchObject({ status: 401 });
    expect(await readDocument(listener.endpoint, "web-server")).toMatchObject({ Code: "Success" });
  });

  test("makes providers of this process forget what they share", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();
    const provider = fromInstanceRole({ endpoint: listener.endpoint });
    const before = await provider();

    imds.reset();
    const after = await provider();

    expect(after.accessKeyId).not.toBe(before.accessKeyId);
    expect(after.accessKeyId).toBe(imds.credentials?.accessKeyId);
    expect(imds.requests.map(({ step }) => step)).toEqual(["token", "role", "credentials"]);
  });
});
