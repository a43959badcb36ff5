import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { diagnose } from "../../../src/cli/doctor/diagnosis.js";
import { createMockImds, type MockImds, type MockListener } from "../../../src/testing/index.js";
import { finding, verdicts } from "./findings.js";

let imds: MockImds;
let listener: MockListener;

beforeEach(async () => {
  imds = createMockImds({ roleName: "app", accountId: "123456789012", region: "eu-central-1" });
  listener = await imds.listen();
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", listener.endpoint);
  vi.stubEnv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await listener.close();
});

const HEALTHY = {
  settings: "ok",
  "other credentials": "ok",
  connection: "ok",
  "session token": "ok",
  IMDSv1: "ok",
  "instance profile": "ok",
  role: "ok",
  credentials: "ok",
  clock: "ok",
  region: "ok",
} as const;

/** What a world without a usable token looks like: nothing behind the token can be looked at. */
const NO_TOKEN = {
  connection: "ok",
  "session token": "broken",
  "instance profile": "skipped",
  role: "skipped",
  credentials: "skipped",
  clock: "skipped",
  region: "skipped",
} as const;

test("a healthy instance is found healthy, and no secret is told", async () => {
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject(HEALTHY);
  expect(finding(findings, "role").says).toContain("app");
  expect(finding(findings, "region").says).toContain("eu-central-1");
  expect(finding(findings, "settings").says).toContain(
    `endpoint ${listener.endpoint} (AWS_EC2_METADATA_SERVICE_ENDPOINT)`,
  );
  const told = JSON.stringify(findings);
  const { secretAccessKey = "none", sessionToken = "none" } = imds.credentials ?? {};
  const imdsToken = imds.requests.map(({ headers }) => headers["x-aws-ec2-metadata-token"]).find(Boolean);
  expect(imdsToken).toBeDefined();
  for (const secret of [secretAccessKey, sessionToken, String(imdsToken)]) expect(told).not.toContain(secret);
});

test("nothing listens: the connection is broken and everything behind it is not looked at", async () => {
  await listener.close();
  const findings = await diagnose({});
  expect(finding(findings, "connection")).toMatchObject({ verdict: "broken", code: "IMDS_UNREACHABLE" });
  expect(verdicts(findings)).toMatchObject({
    "session token": "skipped",
    role: "skipped",
    region: "skipped",
  });
});

test("the token's answer never arrives: the hop limit is named", async () => {
  imds.fail({ on: "token", mode: "hang", times: Number.POSITIVE_INFINITY });
  const findings = await diagnose({ timeout: 300 });
  expect(verdicts(findings)).toMatchObject(NO_TOKEN);
  expect(finding(findings, "session token")).toMatchObject({ code: "IMDS_TIMEOUT" });
  expect(finding(findings, "session token").says).toContain("hop limit");
  expect(finding(findings, "session token").cure).toMatch(
    /^Unset AWS_EC2_METADATA_SERVICE_ENDPOINT unless .* If it leads to EC2's: If this is a container, .*--http-put-response-hop-limit 2/,
  );
});

test("metadata access is switched off", async () => {
  imds.disable();
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ ...NO_TOKEN, IMDSv1: "note" });
  expect(finding(findings, "session token").code).toBe("IMDS_FORBIDDEN");
  expect(finding(findings, "session token").cure).toContain("--http-endpoint enabled");
});

test("the service knows no tokens", async () => {
  imds.fail({ on: "token", status: 404, times: Number.POSITIVE_INFINITY });
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject(NO_TOKEN);
  expect(finding(findings, "session token").code).toBe("TOKEN_UNSUPPORTED");
});

test("the service knows no tokens, and a setting allows to go without: no more is claimed", async () => {
  const tokenless = createMockImds({ imdsV1: true });
  tokenless.fail({ on: "token", status: 404, times: Number.POSITIVE_INFINITY });
  await using listening = await tokenless.listen();
  vi.stubEnv("AWS_EC2_METADATA_V1_DISABLED", "false");
  const findings = await diagnose({ endpoint: listening.endpoint });
  expect(verdicts(findings)).toMatchObject({ ...HEALTHY, "session token": "warning", IMDSv1: "warning" });
  expect(finding(findings, "session token").says).toBe(
    "It hands out no session token (status 404); the setting ec2MetadataV1Disabled: false (AWS_EC2_METADATA_V1_DISABLED) allows IMDSv1, which is used instead.",
  );
  expect(finding(findings, "IMDSv1").cure).not.toContain("--http-tokens");
});

test("neither tokens nor reads without them: the cause is said once", async () => {
  imds.fail({ on: "token", status: 403, times: Number.POSITIVE_INFINITY });
  vi.stubEnv("AWS_EC2_METADATA_V1_DISABLED", "false");
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ ...NO_TOKEN, IMDSv1: "ok" });
  expect(findings.filter(({ verdict }) => verdict === "broken")).toEqual([
    expect.objectContaining({
      check: "session token",
      code: "IMDS_FORBIDDEN",
      says: expect.stringContaining("(status 403) and refuses reads without one (status 401)"),
      cure: expect.stringContaining("--http-endpoint enabled"),
    }),
  ]);
});

test("metadata is throttled", async () => {
  imds.fail({ on: "token", status: 503, times: Number.POSITIVE_INFINITY });
  expect(finding(await diagnose({}), "session token")).toMatchObject({
    verdict: "broken",
    code: "THROTTLED",
  });
});

test("IMDSv1 is still open: a warning with the command that closes it", async () => {
  const open = await createMockImds({ imdsV1: true }).listen();
  const findings = await diagnose({ endpoint: open.endpoint });
  await open.close();
  expect(verdicts(findings)).toMatchObject({ ...HEALTHY, IMDSv1: "warning" });
  expect(finding(findings, "IMDSv1").cure).toContain("--http-tokens required");
});

test("what answers a read without a token is no metadata service: nothing is claimed", async () => {
  imds.fail({ on: "metadata", status: 200, body: "<h1>Welcome</h1>" });
  const { verdict, says } = finding(await diagnose({}), "IMDSv1");
  expect({ verdict, says }).toEqual({
    verdict: "note",
    says: "A read without a token was answered, but not with the listing of metadata; whether IMDSv1 is open cannot be told.",
  });
});

test("no instance profile is attached", async () => {
  imds.detachRole();
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({
    "session token": "ok",
    "instance profile": "broken",
    role: "broken",
    credentials: "skipped",
    region: "ok",
  });
  expect(finding(findings, "role").code).toBe("NO_ROLE_ATTACHED");
  expect(finding(findings, "instance profile").cure).toContain("associate-iam-instance-profile");
});

test.each([
  [
    "contains no role",
    "empty profile",
    "does not contain a role",
    "--instance-profile-name app --role-name …",
  ],
  ["was deleted", "deleted profile", "InstanceProfileNotFound", "replace-iam-instance-profile-association"],
] as const)("the instance profile %s: its own cure", async (_, left, told, cure) => {
  imds.detachRole(left);
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ "instance profile": "broken", role: "broken" });
  const profile = finding(findings, "instance profile");
  expect(profile.says).toContain(told);
  expect(profile.says).not.toMatch(/Success|\.\./);
  expect(profile.cure).toContain(cure);
});

test.each([
  ["is missing", { status: 404 }],
  ["is not JSON", { body: "<html>" }],
] as const)(
  "credentials are served, though iam/info %s: a note, and the instance is healthy",
  async (_, fault) => {
    imds.fail({ on: "metadata", after: 1, ...fault });
    const findings = await diagnose({});
    expect(verdicts(findings)).toMatchObject({ ...HEALTHY, "instance profile": "note" });
    expect(finding(findings, "instance profile").says).toContain("yet credentials are served");
  },
);

test("credentials are still served, though the profile has lost its role", async () => {
  const body = JSON.stringify({ Code: "Success", Message: "Instance Profile does not contain a role." });
  imds.fail({ on: "metadata", after: 1, body });
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ ...HEALTHY, "instance profile": "warning" });
  expect(finding(findings, "instance profile").says).toContain("perhaps only until they expire");
});

test("iam/info is not JSON, and no role is there", async () => {
  imds.detachRole();
  imds.fail({ on: "metadata", after: 1, status: 200, body: "<html>" });
  const profile = finding(await diagnose({}), "instance profile");
  expect(profile).toMatchObject({ verdict: "broken", code: "INVALID_RESPONSE" });
  expect(profile.cure).toContain("what stands between");
});

test.each([
  ["--role", { roleName: "other" }, {}],
  ["AWS_EC2_INSTANCE_PROFILE_NAME", {}, { AWS_EC2_INSTANCE_PROFILE_NAME: "other" }],
] as const)(
  "the role that %s names is not the one attached: the name is to be corrected",
  async (called, options, environment) => {
    for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
    const findings = await diagnose(options);
    expect(verdicts(findings)).toMatchObject({
      "instance profile": "ok",
      role: "broken",
      credentials: "skipped",
    });
    const { says, cure } = finding(findings, "role");
    expect(says).toMatch(/The configured role other .*Correct or remove the role name/);
    expect(says).not.toContain("Attach");
    expect(cure).toBe(
      `Correct or remove the role name, which ${called} gives: the role that is listed is app.`,
    );
  },
);

test("a role is named, and none is attached", async () => {
  imds.detachRole();
  const { cure } = finding(await diagnose({ roleName: "app" }), "role");
  expect(cure).toContain("No role is listed at all: see instance profile.");
});

test("the role list is refused: that is what is broken", async () => {
  imds.fail({ on: "role", status: 302, times: Number.POSITIVE_INFINITY });
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ role: "broken", credentials: "skipped" });
  expect(finding(findings, "role")).toMatchObject({ code: "SERVER_ERROR" });
});

test("EC2 may not assume the role: the trust policy is named", async () => {
  imds.denyAssumeRole("EC2 cannot assume the role app.");
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ "session token": "ok", role: "broken", credentials: "skipped" });
  expect(finding(findings, "role")).toMatchObject({ code: "ROLE_NOT_ASSUMABLE" });
  expect(finding(findings, "role").says).toMatch(/EC2 cannot assume the role app\..*trust policy/);
});

test("the credentials served have expired", async () => {
  imds.rotate({
    accessKeyId: "ASIAEXPIRED",
    secretAccessKey: "s",
    sessionToken: "t",
    expiration: new Date(0),
  });
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ role: "ok", credentials: "broken" });
  expect(finding(findings, "role").says).toBe("The role app has credentials here.");
  expect(finding(findings, "credentials").cure).not.toContain("stop");
});

test.each([
  [30, "warning", /^They are good for (30|2[5-9]) s only, /],
  [110, "ok", /^They are good for 1(10|0[5-9]) s, .*new ones at once\.$/],
  [240, "ok", /^They are good for [34] min, /],
] as const)("the credentials served have %i seconds left", async (seconds, verdict, says) => {
  const expiration = new Date(Date.now() + seconds * 1000);
  imds.rotate({ accessKeyId: "ASIASHORT", secretAccessKey: "s", sessionToken: "t", expiration });
  const credentials = finding(await diagnose({}), "credentials");
  expect(credentials.verdict).toBe(verdict);
  expect(credentials.says).toMatch(says);
});

test("the credentials document is garbage", async () => {
  imds.fail({ on: "credentials", body: "<html>login</html>", times: Number.POSITIVE_INFINITY });
  const findings = await diagnose({});
  expect(finding(findings, "credentials")).toMatchObject({ verdict: "broken", code: "INVALID_RESPONSE" });
  expect(JSON.stringify(findings)).not.toContain("login");
});

test("the region is not told: a warning only", async () => {
  imds.fail({ on: "metadata", after: 3, status: 404, times: Number.POSITIVE_INFINITY });
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ ...HEALTHY, region: "warning" });
  expect(finding(findings, "region").says).toBe(
    "The region could not be read: the service has no /latest/meta-data/placement/region (status 404).",
  );
});

test("what is told as the region is none: it is not shown", async () => {
  imds.fail({ on: "metadata", after: 3, body: "<h1>Welcome</h1>", times: Number.POSITIVE_INFINITY });
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ ...HEALTHY, region: "warning" });
  expect(JSON.stringify(findings)).not.toContain("Welcome");
});

test("the time is not told, as there is no listing: no word of a path to check", async () => {
  imds.fail({ on: "metadata", after: 2, status: 404 });
  const clock = finding(await diagnose({}), "clock");
  expect(clock.verdict).toBe("note");
  expect(clock.says).toBe(
    "The metadata service's time could not be read: the service has no /latest/meta-data/ (status 404).",
  );
});

test.each([
  [
    "ten minutes ahead",
    600_000,
    "broken",
    /is (599|600|601) s ahead of .* more than 5 minutes off \(S3: 15\)\./,
  ],
  ["a minute ahead", 60_000, "warning", /is (59|60|61) s ahead of the metadata service's\.$/],
  ["a minute behind", -60_000, "warning", /is (59|60|61) s behind the metadata service's\.$/],
  ["right", 0, "ok", /agrees with the metadata service's\.$/],
] as const)("this machine's clock is %s", async (_, ahead, verdict, says) => {
  const real = Date.now;
  // Only this process is ahead: the mock's `Date` header is Node's own and not made from `Date.now`.
  const server = createServer((socket) => {
    socket.once("data", () => {
      const body = "x";
      socket.end(
        `HTTP/1.1 200 OK\r\nDate: ${new Date(real() - ahead).toUTCString()}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const findings = await diagnose({ endpoint: `http://127.0.0.1:${address.port}` });
  server.close();
  expect(finding(findings, "clock").verdict).toBe(verdict);
  expect(finding(findings, "clock").says).toMatch(says);
});
