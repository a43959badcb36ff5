import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { diagnose } from "../../../src/cli/doctor/diagnosis.js";
import { createMockImds, type MockImds, type MockListener } from "../../../src/testing/index.js";
import { finding, verdicts } from "./findings.js";

let imds: MockImds;
let listener: MockListener;
let folder: string;

beforeEach(async () => {
  imds = createMockImds({ roleName: "app" });
  listener = await imds.listen();
  folder = await mkdtemp(join(tmpdir(), "doctor-"));
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", listener.endpoint);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await listener.close();
  await rm(folder, { recursive: true });
});

const writeConfig = (...lines: readonly string[]) => writeFile(join(folder, "config"), lines.join("\n"));

test("each setting is shown with the flag, variable or key that it comes from", async () => {
  await writeConfig("[profile mine]", "metadata_service_timeout = 2", "ec2_metadata_v1_disabled = false");
  vi.stubEnv("AWS_PROFILE", "mine");
  const findings = await diagnose({ roleName: "app" });
  expect(finding(findings, "settings").says).toBe(
    `In force: role name app (--role), endpoint ${listener.endpoint} (AWS_EC2_METADATA_SERVICE_ENDPOINT), timeout 2000 ms (metadata_service_timeout in [profile mine] of ${folder}/config), 3 retries (default), IMDSv1 allowed (ec2_metadata_v1_disabled in [profile mine] of ${folder}/config), profile mine (AWS_PROFILE). The endpoint is not EC2's own.`,
  );
  expect(findings.filter(({ check }) => check === "settings")).toHaveLength(1);
});

test.each([
  ["AWS_PROFILE", {}, { AWS_PROFILE: "nowhere" }],
  ["--profile", { profile: "nowhere" }, {}],
] as const)("the profile that %s names is in neither file: a note", async (called, options, environment) => {
  await writeConfig("[nowhere]", "metadata_service_timeout = 2");
  for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
  const [, note] = (await diagnose(options)).filter(({ check }) => check === "settings");
  expect(note?.verdict).toBe("note");
  expect(note?.says).toMatch(
    new RegExp(`^${called} names the profile nowhere, but neither \\S+/config nor `),
  );
  expect(note?.cure).toContain("[profile nowhere]");
});

test.each([
  ["the environment", {}, /^Unset AWS_EC2_METADATA_SERVICE_ENDPOINT unless .* left over from a mocked/],
  ["an option", { endpoint: "http://127.0.0.1:9" }, /^Correct the address that --endpoint gives/],
] as const)(
  "nothing listens at the endpoint that comes from %s: how to be rid of it",
  async (_, options, cure) => {
    await listener.close();
    const connection = finding(await diagnose(options), "connection");
    expect(connection.code).toBe("IMDS_UNREACHABLE");
    expect(connection.cure).toMatch(cure);
  },
);

test("nothing listens at the endpoint that comes from the config file", async () => {
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
  await writeConfig("[default]", "ec2_metadata_service_endpoint = http://127.0.0.1:9");
  const { cure } = finding(await diagnose({}), "connection");
  expect(cure).toMatch(/^Remove ec2_metadata_service_endpoint in \[default\] of \S+\/config unless/);
});

test("the endpoint is no metadata service: what names it is told", async () => {
  imds.fail({ on: "token", body: "not a token", times: Number.POSITIVE_INFINITY });
  const token = finding(await diagnose({ maxRetries: 0 }), "session token");
  expect(token).toMatchObject({ code: "INVALID_RESPONSE", verdict: "broken" });
  expect(token.cure).toMatch(/^Unset AWS_EC2_METADATA_SERVICE_ENDPOINT/);
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
