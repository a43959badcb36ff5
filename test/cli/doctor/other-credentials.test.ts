import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { diagnose } from "../../../src/cli/doctor/diagnosis.js";
import type { Finding } from "../../../src/cli/doctor/findings.js";

const KEYS = "aws_access_key_id = AKIAINTHEFILE\naws_secret_access_key = file-secret\n";
const REMOVE = /^On an instance, remove them/;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "doctor-"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "credentials"));
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
  // These findings come before any request.
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

interface Setup {
  readonly environment?: Readonly<Record<string, string>>;
  readonly credentials?: string;
  readonly config?: string;
  readonly profile?: string;
}

/** The findings on other credentials. None may show a secret. */
async function othersIn({ environment = {}, profile, ...files }: Setup): Promise<Finding[]> {
  for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  const findings = await diagnose({ profile });
  expect(JSON.stringify(findings)).not.toMatch(/A[KS]IAINTHE|-secret/);
  return findings.filter(({ check }) => check === "other credentials");
}

const ENVIRONMENT_KEYS = {
  AWS_ACCESS_KEY_ID: "AKIAINTHEENVIRONMENT",
  AWS_SECRET_ACCESS_KEY: "environment-secret",
};

test("there are none: the profile that was read is named", async () => {
  expect(await othersIn({})).toMatchObject([
    {
      status: "ok",
      message:
        "No other credentials found (environment, profile default) that the SDK's default chain would use before the instance role.",
    },
  ]);
});

const USES_THEM = "a default chain uses them before the instance role.";
const USES_IT = "a default chain uses it before the instance role.";

const ONE: Readonly<
  Record<
    string,
    Setup & { readonly status: string; readonly message: readonly string[]; readonly fix?: RegExp }
  >
> = {
  "access keys in the environment": {
    environment: ENVIRONMENT_KEYS,
    status: "warning",
    message: ["Long-term access keys are set in the environment", USES_THEM],
    fix: REMOVE,
  },
  "access keys in the environment while a profile is named": {
    environment: { ...ENVIRONMENT_KEYS, AWS_PROFILE: "other" },
    status: "warning",
    message: ["So does the AWS SDK for JavaScript's default chain while a profile is named (AWS_PROFILE)"],
    fix: REMOVE,
  },
  "a key without its secret": {
    environment: { AWS_ACCESS_KEY_ID: "AKIAINTHEENVIRONMENT" },
    status: "note",
    message: ["AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY: ", "boto3 fail"],
    fix: /^Unset it/,
  },
  "a secret without its key": {
    environment: { AWS_SECRET_ACCESS_KEY: "environment-secret" },
    status: "note",
    message: ["AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID: default chains ignore it."],
    fix: /^Unset it/,
  },
  "a pod's web identity": {
    environment: {
      AWS_WEB_IDENTITY_TOKEN_FILE: "/token",
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/pod",
    },
    status: "note",
    message: ["This is a pod with its own role, by IRSA (AWS_WEB_IDENTITY_TOKEN_FILE).", USES_IT],
    fix: /^Use the role of the pod or task/,
  },
  "a container's role": {
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1/my-secret" },
    status: "note",
    message: ["This is a container with its own role (AWS_CONTAINER_CREDENTIALS_FULL_URI).", USES_IT],
    fix: /^Use the role of the pod or task/,
  },
  "EKS Pod Identity": {
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials" },
    status: "note",
    message: [
      "This is an EKS pod with its own role, by Pod Identity (AWS_CONTAINER_CREDENTIALS_FULL_URI).",
      USES_IT,
    ],
    fix: /^Use the role of the pod or task/,
  },
  "an ECS task's role": {
    environment: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/my-secret" },
    status: "note",
    message: ["This is an ECS task with its own role (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI).", USES_IT],
    fix: /^Use the role of the pod or task/,
  },
  "what the command serve offers": {
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1:40123/credentials" },
    status: "note",
    message: ["SDKs get credentials from ec2-role-credentials serve (AWS_CONTAINER_CREDENTIALS_FULL_URI)."],
  },
  "temporary access keys in the environment": {
    environment: { ...ENVIRONMENT_KEYS, AWS_ACCESS_KEY_ID: "ASIAINTHEENVIRONMENT", AWS_SESSION_TOKEN: "t" },
    status: "warning",
    message: ["Temporary access keys are set in the environment", USES_THEM],
    fix: REMOVE,
  },
  "access keys in the profile in use": {
    credentials: `[default]\n${KEYS}`,
    status: "warning",
    message: ["Long-term access keys are in [default] of /", USES_THEM],
    fix: REMOVE,
  },
  "access keys in a profile that is not in use": {
    credentials: `[other]\n${KEYS}`,
    status: "warning",
    message: ["Long-term access keys are in [other] of /", "Only programs that name this profile use them."],
    fix: REMOVE,
  },
  "access keys in the profile that an option names": {
    config: `[profile other]\n${KEYS}`,
    profile: "other",
    status: "warning",
    message: ["Long-term access keys are in [profile other] of /", USES_THEM],
    fix: REMOVE,
  },
  "half a pair of keys in the profile in use": {
    config: "[default]\naws_access_key_id = AKIAINTHEFILE\n",
    status: "note",
    message: ["aws_access_key_id of profile default is set without aws_secret_access_key"],
    fix: /^Unset it/,
  },
  "another role": {
    config:
      "[default]\nrole_arn = arn:aws:iam::123456789012:role/other\ncredential_source = Ec2InstanceMetadata\n",
    status: "note",
    message: ["The profile default assumes another role (role_arn in", USES_IT],
  },
  "a web identity": {
    config: "[default]\nrole_arn = arn:aws:iam::123456789012:role/other\nweb_identity_token_file = /token\n",
    status: "note",
    message: ["The profile default assumes a role with a web identity (web_identity_token_file in"],
  },
  "a program": {
    config: "[default]\ncredential_process = /bin/echo my-secret\n",
    status: "note",
    message: ["The profile default runs a program for credentials (credential_process in"],
  },
  "IAM Identity Center": {
    config:
      "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = r\n[sso-session corp]\n",
    status: "note",
    message: ["The profile default signs in with IAM Identity Center (sso_session in"],
  },
};

test.for(Object.entries(ONE))("%s", async ([, { status, message, fix, ...setup }]) => {
  const [found, ...more] = await othersIn(setup);

  expect(more).toEqual([]);
  expect(found?.status).toBe(status);
  for (const part of message) expect(found?.message).toContain(part);
  if (fix) expect(found?.fix).toMatch(fix);
  else expect(found).not.toHaveProperty("fix");
});

test("several: the one that the SDK uses first is marked", async () => {
  const found = await othersIn({
    environment: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/role" },
    credentials: `[default]\n${KEYS}[other]\n${KEYS}`,
    config: "[default]\ncredential_process = /bin/true\n",
  });

  expect(found.map(({ message }) => message.includes("default chain uses these first"))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(found.map(({ status }) => status)).toEqual(["warning", "note", "note", "warning"]);
  expect(found[0]?.message).toContain("[default] of ");
});

test.each(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])(
  "%s overrides what the command serve offers: a warning",
  async (variable) => {
    const environment = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1:40123/credentials",
      [variable]: "/v2/credentials",
    };
    expect(await othersIn({ environment })).toContainEqual({
      check: "other credentials",
      status: "warning",
      message: `${variable} is set: the AWS SDKs use it in the place of what ec2-role-credentials serve offers.`,
      fix: `Unset ${variable}.`,
    });
  },
);

describe("a profile that assumes a role", () => {
  const config =
    "[profile app]\nrole_arn = arn:aws:iam::123456789012:role/app\ncredential_source = Ec2InstanceMetadata\n";
  const warned = expect.objectContaining({
    status: "warning",
    message: expect.stringContaining(
      "assumes the role arn:aws:iam::123456789012:role/app. fromInstanceRole() does not: it gives the credentials of the instance's own role.",
    ),
    fix: expect.stringContaining("fromTemporaryCredentials({ masterCredentials: fromInstanceRole()"),
  });

  test("is not followed by fromInstanceRole: a warning, where AWS_PROFILE or --profile names it", async () => {
    expect(await othersIn({ config, environment: { AWS_PROFILE: "app" } })).toContainEqual(warned);
    vi.stubEnv("AWS_PROFILE", "");
    expect(await othersIn({ config, profile: "app" })).toContainEqual(warned);
  });

  test("does not matter if it is not in use", async () => {
    expect(await othersIn({ config })).not.toContainEqual(warned);
  });
});
