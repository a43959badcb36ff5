import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { diagnose } from "../../../src/cli/doctor/diagnosis.js";
import type { Finding } from "../../../src/cli/doctor/findings.js";

const KEYS = "aws_access_key_id = AKIAINTHEFILE\naws_secret_access_key = file-secret\n";
const REMOVE = /^Remove them/;

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

interface World {
  readonly environment?: Readonly<Record<string, string>>;
  readonly credentials?: string;
  readonly config?: string;
  readonly profile?: string;
}

/** What the doctor says of other credentials; that it shows no secret is checked on the way. */
async function othersIn({ environment = {}, profile, ...files }: World): Promise<Finding[]> {
  for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  const findings = await diagnose({ profile });
  expect(JSON.stringify(findings)).not.toMatch(/AKIAINTHE|-secret/);
  return findings.filter(({ check }) => check === "other credentials");
}

const ENVIRONMENT_KEYS = {
  AWS_ACCESS_KEY_ID: "AKIAINTHEENVIRONMENT",
  AWS_SECRET_ACCESS_KEY: "environment-secret",
};

test("nothing lies about: the profile that was looked at is named", async () => {
  expect(await othersIn({})).toMatchObject([
    { verdict: "ok", says: expect.stringMatching(/^Nothing was found .* the profile default\.$/) },
  ]);
});

const TAKES = "a default credential chain takes";

const ONE: Readonly<
  Record<
    string,
    World & { readonly verdict: string; readonly says: readonly string[]; readonly cure?: RegExp }
  >
> = {
  "access keys in the environment": {
    environment: ENVIRONMENT_KEYS,
    verdict: "warning",
    says: ["Access keys lie in the environment", `${TAKES} them before the instance's role.`],
    cure: REMOVE,
  },
  "access keys in the environment while a profile is named": {
    environment: { ...ENVIRONMENT_KEYS, AWS_PROFILE: "other" },
    verdict: "warning",
    says: ["so does the default chain of the AWS SDK for JavaScript while a profile is named (AWS_PROFILE)"],
    cure: REMOVE,
  },
  "a key without its secret": {
    environment: { AWS_ACCESS_KEY_ID: "AKIAINTHEENVIRONMENT" },
    verdict: "note",
    says: ["AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY, and both are needed", "boto3 stop at it"],
    cure: /^Unset it/,
  },
  "a secret without its key": {
    environment: { AWS_SECRET_ACCESS_KEY: "environment-secret" },
    verdict: "note",
    says: ["AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID", "passes it over."],
    cure: /^Unset it/,
  },
  "a pod's web identity": {
    environment: {
      AWS_WEB_IDENTITY_TOKEN_FILE: "/token",
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/pod",
    },
    verdict: "note",
    says: ["This container (pod) has a role of its own (AWS_WEB_IDENTITY_TOKEN_FILE).", `${TAKES} it before`],
  },
  "a container's role": {
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1/my-secret" },
    verdict: "note",
    says: ["has a role of its own (AWS_CONTAINER_CREDENTIALS_FULL_URI).", `${TAKES} it before`],
  },
  "access keys in the profile in force": {
    credentials: `[default]\n${KEYS}`,
    verdict: "warning",
    says: ["/credentials, section default (the profile in force)", `${TAKES} them before`],
    cure: REMOVE,
  },
  "access keys in a profile that is not in force": {
    credentials: `[other]\n${KEYS}`,
    verdict: "warning",
    says: [
      "section other, a profile that is not in force: only a program that names this profile takes them.",
    ],
    cure: REMOVE,
  },
  "access keys in the profile that an option names": {
    config: `[profile other]\n${KEYS}`,
    profile: "other",
    verdict: "warning",
    says: ["/config, section other (the profile in force)"],
    cure: REMOVE,
  },
  "half a pair of keys in the profile in force": {
    config: "[default]\naws_access_key_id = AKIAINTHEFILE\n",
    verdict: "note",
    says: ["aws_access_key_id of profile default is set without aws_secret_access_key"],
    cure: /^Unset it/,
  },
  "another role": {
    config:
      "[default]\nrole_arn = arn:aws:iam::123456789012:role/other\ncredential_source = Ec2InstanceMetadata\n",
    verdict: "note",
    says: ["The profile in force, default, assumes another role (role_arn in", `${TAKES} it before`],
  },
  "a web identity": {
    config: "[default]\nrole_arn = arn:aws:iam::123456789012:role/other\nweb_identity_token_file = /token\n",
    verdict: "note",
    says: ["takes a role by web identity (web_identity_token_file in"],
  },
  "a program": {
    config: "[default]\ncredential_process = /bin/echo my-secret\n",
    verdict: "note",
    says: ["runs a program for credentials (credential_process in"],
  },
  "IAM Identity Center": {
    config:
      "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = r\n[sso-session corp]\n",
    verdict: "note",
    says: ["signs in at IAM Identity Center (sso_session in"],
  },
};

test.for(Object.entries(ONE))("%s", async ([, { verdict, says, cure, ...world }]) => {
  const [found, ...more] = await othersIn(world);

  expect(more).toEqual([]);
  expect(found?.verdict).toBe(verdict);
  for (const part of says) expect(found?.says).toContain(part);
  if (cure) expect(found?.cure).toMatch(cure);
  else expect(found).not.toHaveProperty("cure");
});

test("several: what the SDK takes first is said of that one alone", async () => {
  const found = await othersIn({
    environment: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/role" },
    credentials: `[default]\n${KEYS}[other]\n${KEYS}`,
    config: "[default]\ncredential_process = /bin/true\n",
  });

  expect(found.map(({ says }) => says.includes("takes them first"))).toEqual([true, false, false, false]);
  expect(found.map(({ verdict }) => verdict)).toEqual(["warning", "note", "note", "warning"]);
  expect(found[0]?.says).toContain("section default");
});
