import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { diagnose } from "../../../src/cli/doctor/diagnosis.js";
import type { Finding } from "../../../src/cli/doctor/findings.js";
import type { InstanceRoleOptions } from "../../../src/index.js";
import { createMockImds, type MockImds, type MockListener } from "../../../src/testing/index.js";
import { failures, finding, statuses } from "./findings.js";

const opened: string[] = [];
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const open: typeof real.open = (path, ...rest) => {
    opened.push(String(path));
    return real.open(path, ...rest);
  };
  return { ...real, open };
});

let imds: MockImds;
let listener: MockListener;
let folder: string;

beforeEach(async () => {
  imds = createMockImds({ roleName: "app" });
  listener = await imds.listen();
  folder = await mkdtemp(join(tmpdir(), "doctor-"));
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "credentials"));
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", listener.endpoint);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await listener.close();
  await rm(folder, { recursive: true });
});

const writeConfig = (...lines: readonly string[]) => writeFile(join(folder, "config"), lines.join("\n"));

/** The findings of the check `settings`. */
const settingsFindings = async (options: InstanceRoleOptions = {}): Promise<Finding[]> =>
  (await diagnose(options)).filter(({ check }) => check === "settings");

describe("the settings in use", () => {
  test("each is shown with the flag, the variable, or the key and file that it comes from", async () => {
    await writeConfig("[profile mine]", "metadata_service_timeout = 2", "ec2_metadata_v1_disabled = false");
    vi.stubEnv("AWS_PROFILE", "mine");
    expect(await settingsFindings({ roleName: "app" })).toEqual([
      {
        check: "settings",
        status: "note",
        message: `The endpoint ${listener.endpoint} (AWS_EC2_METADATA_SERVICE_ENDPOINT) is not EC2's own.`,
      },
      {
        check: "settings",
        status: "ok",
        message: `Settings: role name app (--role), endpoint ${listener.endpoint} (AWS_EC2_METADATA_SERVICE_ENDPOINT), timeout 2000 ms (metadata_service_timeout in [profile mine] of ${folder}/config), 3 retries (default), IMDSv1 allowed (ec2_metadata_v1_disabled in [profile mine] of ${folder}/config), profile mine (AWS_PROFILE).`,
      },
    ]);
  });

  test("the shared files are read once", async () => {
    await writeConfig("[default]", "metadata_service_timeout = 2");
    await writeFile(join(folder, "credentials"), "");
    opened.length = 0;
    await diagnose({});
    expect(opened.filter((path) => path.startsWith(folder)).sort()).toEqual([
      join(folder, "config"),
      join(folder, "credentials"),
    ]);
  });

  test.each([
    ["AWS_PROFILE", {}, { AWS_PROFILE: "nowhere" }],
    ["--profile", { profile: "nowhere" }, {}],
  ] as const)(
    "the profile that %s names is in neither file: a note",
    async (source, options, environment) => {
      await writeConfig("[nowhere]", "metadata_service_timeout = 2");
      for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
      expect(await settingsFindings(options)).toContainEqual({
        check: "settings",
        status: "note",
        message: `The profile nowhere (${source}) is not in ${folder}/config or ${folder}/credentials.`,
        fix: `In ${folder}/config, change [nowhere] to [profile nowhere].`,
      });
    },
  );

  test("values that cannot be used: one failure that names each, and nothing is sent", async () => {
    await writeConfig("[default]", "metadata_service_num_attempts = many");
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "soon");
    const findings = await diagnose({});
    expect(failures(findings)).toMatchObject([{ check: "settings", code: "INVALID_CONFIGURATION" }]);
    expect(failures(findings)[0]?.message).toMatch(/AWS_METADATA_SERVICE_TIMEOUT is "soon".*"many"/);
    expect(failures(findings)[0]?.fix).toBe("Correct or remove each setting that is not valid.");
    expect(statuses(findings)).toMatchObject({ connection: "skipped", region: "skipped" });
    expect(imds.requests).toHaveLength(0);
  });

  test("metadata is switched off: one failure, and nothing is sent", async () => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    expect(failures(await diagnose({}))).toMatchObject([
      {
        check: "settings",
        code: "IMDS_DISABLED",
        fix: expect.stringContaining("Unset AWS_EC2_METADATA_DISABLED"),
      },
    ]);
    expect(imds.requests).toHaveLength(0);
  });
});

describe("the endpoint cannot be reached: how to take it back", () => {
  beforeEach(() => listener.close());

  test.each([
    ["an option", { endpoint: "http://127.0.0.1:9" }, {}, "leave out --endpoint."],
    ["the environment", {}, {}, "unset AWS_EC2_METADATA_SERVICE_ENDPOINT."],
    ["the config file", {}, { AWS_EC2_METADATA_SERVICE_ENDPOINT: "" }, "/config."],
  ] as const)("from %s", async (_, options, environment, end) => {
    for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
    await writeConfig("[default]", "ec2_metadata_service_endpoint = http://127.0.0.1:9");
    const { code, fix } = finding(await diagnose(options), "connection");
    expect(code).toBe("IMDS_UNREACHABLE");
    expect(fix).toMatch(
      /^If http:\S+ is a mocked metadata service, start it\. If you did not set the endpoint on purpose, /,
    );
    expect(fix).toContain(end);
    if (end === "/config.") expect(fix).toContain("remove ec2_metadata_service_endpoint in [default] of ");
  });
});

describe("suspicious settings are warned of", () => {
  const warnings = async (options: InstanceRoleOptions = {}): Promise<[string, string | undefined][]> =>
    (await settingsFindings(options))
      .filter(({ status }) => status === "warning")
      .map(({ message, fix }) => [message, fix]);

  test("no warnings for settings that are as they should be", async () => {
    await writeConfig("[default]", "metadata_service_timeout = 2", "region = eu-central-1", "output = json");
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "FALSE");
    vi.stubEnv("AWS_REGION", "eu-central-1");
    vi.stubEnv("AWS_SESSION_TOKEN", "t");
    vi.stubEnv("AWS_MAX_ATTEMPTS", "3");
    expect(await warnings()).toEqual([]);
  });

  test.each([
    ["1", "only true switches metadata off"],
    ["yes", "only true switches metadata off"],
    ['"true"', "the quotes are part of the value"],
    ["'true'", "the quotes are part of the value"],
  ])("AWS_EC2_METADATA_DISABLED=%s has no effect", async (value, why) => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", value);
    expect(await warnings()).toEqual([
      [
        `AWS_EC2_METADATA_DISABLED is ${JSON.stringify(value)} and has no effect: ${why}.`,
        "Set AWS_EC2_METADATA_DISABLED=true to switch metadata off, or unset it.",
      ],
    ]);
  });

  test("a timeout in milliseconds where seconds are meant", async () => {
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "1000");
    expect(await warnings()).toEqual([
      [
        "One attempt may take 1000 s (AWS_METADATA_SERVICE_TIMEOUT).",
        "AWS_METADATA_SERVICE_TIMEOUT is in seconds: for 1000 ms, set 1.",
      ],
    ]);
  });

  test("a timeout in seconds where milliseconds are meant", async () => {
    await listener.close();
    expect(await warnings({ timeout: 2 })).toEqual([
      [
        "One attempt may take 2 ms only (--timeout).",
        "--timeout is in milliseconds. The default is 1 second.",
      ],
    ]);
  });

  test.each([
    ["AWS_METADATA_SERVICE_TIMOUT", "Rename it to AWS_METADATA_SERVICE_TIMEOUT, or unset it."],
    ["AWS_EC2_METADATA_DISABLE", "Rename it to AWS_EC2_METADATA_DISABLED, or unset it."],
    ["aws_ec2_metadata_disabled", "Rename it to AWS_EC2_METADATA_DISABLED, or unset it."],
    ["AWS_PROFLIE", "Rename it to AWS_PROFILE, or unset it."],
    ["AWS_EC2_METADATA_URL", "Unset it. The variables for instance metadata are "],
  ])("the variable %s", async (name, fix) => {
    vi.stubEnv(name, "1");
    const [[message, found] = [], ...more] = await warnings();
    expect(more).toEqual([]);
    expect(message).toBe(`The environment variable ${name} is not one that the AWS SDKs read.`);
    expect(found).toContain(fix);
  });

  test("a key in the profile in use", async () => {
    await writeConfig(
      "[default]",
      "metadata_service_timeouts = 2",
      "[profile other]",
      "metadata_service_timeouts = 2",
    );
    expect(await warnings()).toEqual([
      [
        `The key metadata_service_timeouts in [default] of ${folder}/config is not one that the AWS SDKs read.`,
        "Rename it to metadata_service_timeout, or remove it.",
      ],
    ]);
  });

  test("a section whose header has no closing bracket", async () => {
    await writeConfig(
      "[default]",
      "region = eu-central-1",
      "[profile broken",
      "metadata_service_timeout = 2",
    );
    expect(await warnings()).toEqual([
      [
        `Line 3 of ${folder}/config begins a section, but has no closing bracket: [profile broken`,
        "Close the bracket: [profile broken]",
      ],
    ]);
  });
});

test("a config file that cannot be read is a note", async () => {
  await writeConfig("[default]", "metadata_service_timeout = 2");
  await chmod(join(folder, "config"), 0);
  await writeFile(join(folder, "credentials"), "x".padEnd(1024 * 1024 + 1, "\n"));
  expect(await settingsFindings()).toContainEqual({
    check: "settings",
    status: "note",
    message: `The shared credentials file ${folder}/credentials is ignored: it is larger than 1 MiB.`,
  });
});
