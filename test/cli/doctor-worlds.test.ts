import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { diagnose } from "../../src/cli/diagnosis.js";
import type { Check, Finding, Verdict } from "../../src/cli/findings.js";
import { createMockImds, type MockImds, type MockListener } from "../../src/testing/index.js";

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

const verdicts = (findings: readonly Finding[]): Partial<Record<Check, Verdict>> =>
  Object.fromEntries(findings.map(({ check, verdict }) => [check, verdict]));

const finding = (findings: readonly Finding[], check: Check): Finding => {
  const found = findings.find((one) => one.check === check);
  if (!found) throw new Error(`no finding on ${check}`);
  return found;
};

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
  expect(finding(findings, "settings").says).toContain(`endpoint ${listener.endpoint} (environment)`);
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
});

test("metadata access is switched off", async () => {
  imds.disable();
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ ...NO_TOKEN, IMDSv1: "note" });
  expect(finding(findings, "session token").code).toBe("IMDS_FORBIDDEN");
});

test("the service knows no tokens", async () => {
  imds.fail({ on: "token", status: 404, times: Number.POSITIVE_INFINITY });
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject(NO_TOKEN);
  expect(finding(findings, "session token").code).toBe("TOKEN_UNSUPPORTED");
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

test("the instance profile contains no role", async () => {
  imds.detachRole("empty profile");
  const findings = await diagnose({});
  expect(verdicts(findings)).toMatchObject({ "instance profile": "broken", role: "broken" });
});

test("the instance profile was deleted", async () => {
  imds.detachRole("deleted profile");
  const findings = await diagnose({});
  expect(finding(findings, "instance profile")).toMatchObject({ verdict: "broken" });
  expect(finding(findings, "instance profile").says).toContain("InstanceProfileNotFound");
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
  expect(verdicts(await diagnose({}))).toMatchObject({ role: "ok", credentials: "broken" });
});

test("the credentials document is garbage", async () => {
  imds.fail({ on: "credentials", body: "<html>login</html>", times: Number.POSITIVE_INFINITY });
  const findings = await diagnose({});
  expect(finding(findings, "credentials")).toMatchObject({ verdict: "broken", code: "INVALID_RESPONSE" });
  expect(JSON.stringify(findings)).not.toContain("login");
});

test("the region is not told: a warning only", async () => {
  imds.fail({ on: "metadata", after: 3, status: 404, times: Number.POSITIVE_INFINITY });
  expect(verdicts(await diagnose({}))).toMatchObject({ ...HEALTHY, region: "warning" });
});

test.each([
  ["ten minutes ahead", 600_000, "broken"],
  ["a minute ahead", 60_000, "warning"],
] as const)("this machine's clock is %s", async (_, ahead, verdict) => {
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
});

test("a setting from the environment cannot be: it is named, with its value", async () => {
  vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "soon");
  const findings = await diagnose({});
  expect(finding(findings, "settings")).toMatchObject({ verdict: "broken", code: "INVALID_CONFIGURATION" });
  expect(finding(findings, "settings").says).toMatch(/AWS_METADATA_SERVICE_TIMEOUT.*soon/);
  expect(verdicts(findings)).toMatchObject({ connection: "skipped" });
  expect(imds.requests).toHaveLength(0);
});

test("metadata is switched off by the environment: nothing is sent", async () => {
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  expect(finding(await diagnose({}), "settings")).toMatchObject({ verdict: "broken", code: "IMDS_DISABLED" });
  expect(imds.requests).toHaveLength(0);
});

test("other credentials lie in the environment and in the shared file: their places are named, their values are not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "doctor-"));
  const file = join(folder, "credentials");
  await writeFile(
    file,
    "[default]\naws_access_key_id = AKIAINTHEFILE\naws_secret_access_key = file-secret\n",
  );
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", file);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAINTHEENVIRONMENT");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "environment-secret");
  const findings = await diagnose({});
  await rm(folder, { recursive: true });
  const others = findings.filter(({ check }) => check === "other credentials");
  expect(others.map(({ verdict }) => verdict)).toEqual(["warning", "warning"]);
  expect(others.map(({ says }) => says).join()).toMatch(
    /AWS_ACCESS_KEY_ID.*section default \(the profile in force\)/,
  );
  expect(others.every(({ cure }) => cure?.includes("role is always preferable"))).toBe(true);
  expect(JSON.stringify(findings)).not.toMatch(/AKIAINTHE|file-secret|environment-secret/);
  expect(verdicts(findings)).toMatchObject({ role: "ok" });
});
