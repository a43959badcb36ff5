import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { diagnose } from "../../../src/cli/doctor/diagnosis.js";
import type { Finding } from "../../../src/cli/doctor/findings.js";
import { createMockImds } from "../../../src/testing/index.js";
import { finding } from "./findings.js";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "machine-"));
  vi.stubEnv("KUBERNETES_SERVICE_HOST", "");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

async function machineWith(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** With metadata switched off: these checks send nothing. */
async function findingsWith(files: Readonly<Record<string, string>>): Promise<Finding[]> {
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  return diagnose({}, await machineWith(files));
}

const NITRO = {
  "sys/class/dmi/id/sys_vendor": "Amazon EC2\n",
  "sys/class/dmi/id/board_asset_tag": "i-0123456789abcdef0\n",
};

describe("the instance", () => {
  test.each([
    ["Nitro", NITRO, "This is an EC2 instance (i-0123456789abcdef0)."],
    [
      "Nitro, whose id is hidden",
      { "sys/class/dmi/id/sys_vendor": "Amazon EC2" },
      "This is an EC2 instance.",
    ],
    [
      "Xen",
      { "sys/hypervisor/uuid": "ec2e1916-9099-7caf-fd21-012345abcdef\n" },
      "This is an EC2 instance (Xen).",
    ],
  ])("%s", async (_, files, message) => {
    expect(finding(await findingsWith(files), "instance")).toMatchObject({ status: "ok", message });
  });

  test("another machine: a note", async () => {
    const files = { "sys/class/dmi/id/sys_vendor": "QEMU" };
    expect(finding(await findingsWith(files), "instance")).toMatchObject({
      status: "note",
      message:
        "This does not look like an EC2 instance (no EC2 DMI data). In a container this check may be wrong.",
    });
  });
});

describe("the container", () => {
  test("none", async () => {
    expect(finding(await findingsWith({}), "container")).toMatchObject({
      status: "ok",
      message: "This does not look like a container.",
    });
  });

  test.each([
    ["Docker", ".dockerenv"],
    ["Podman", "run/.containerenv"],
  ])("%s: a note that names the hop limit", async (_, file) => {
    expect(finding(await findingsWith({ [file]: "" }), "container")).toEqual({
      check: "container",
      status: "note",
      message:
        "This is a container. On a bridge network it needs an instance with a hop limit (HttpPutResponseHopLimit) of 2.",
    });
  });

  const KUBERNETES = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
  const ECS = { ECS_CONTAINER_METADATA_URI_V4: "http://169.254.170.2/v4/x" };

  test.each([
    [
      "Kubernetes",
      KUBERNETES,
      "This is a Kubernetes pod without its own role.",
      "Prefer a role of the pod's own",
    ],
    ["ECS", ECS, "This is an ECS task without its own role.", "Prefer a task role"],
    [
      "Lambda",
      { AWS_LAMBDA_FUNCTION_NAME: "f" },
      "This is a Lambda function, which has no instance metadata.",
      "Use the function's own role",
    ],
  ] as const)("%s: a note that names the better role", async (_, environment, message, fix) => {
    for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
    const container = finding(await findingsWith({ ".dockerenv": "" }), "container");
    expect(container).toMatchObject({ status: "note", message });
    expect(container.fix).toContain(fix);
  });

  test.each([
    [
      "a pod with IRSA",
      {
        ...KUBERNETES,
        AWS_WEB_IDENTITY_TOKEN_FILE: "/t",
        AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/pod",
      },
      "This is a Kubernetes pod with its own role.",
    ],
    [
      "a pod with Pod Identity",
      { ...KUBERNETES, AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials" },
      "This is a Kubernetes pod with its own role.",
    ],
    [
      "a task with a task role",
      { ...ECS, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/x" },
      "This is an ECS task with its own role.",
    ],
  ] as const)("%s has a role already", async (_, environment, message) => {
    for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
    expect(finding(await findingsWith({}), "container")).toEqual({
      check: "container",
      status: "note",
      message,
    });
  });
});

describe("what to do about a failure fits the machine", () => {
  test("an instance whose id only the machine knows", async () => {
    const imds = createMockImds();
    imds.disable();
    await using listener = await imds.listen();
    const findings = await diagnose({ endpoint: listener.endpoint }, await machineWith(NITRO));
    expect(finding(findings, "session token").fix).toContain(
      "--instance-id i-0123456789abcdef0 --http-endpoint enabled",
    );
  });

  test("a pod that has its own role and gets no token: that role first", async () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
    const imds = createMockImds();
    imds.fail({ on: "token", mode: "hang", times: Number.POSITIVE_INFINITY });
    await using listener = await imds.listen();
    const options = { endpoint: listener.endpoint, timeout: 300, maxRetries: 0 };
    expect(finding(await diagnose(options, await machineWith({})), "session token").fix).toContain(
      "Use the role that this Kubernetes pod has, with the SDK's default chain.",
    );
  });

  test("a pod that gets no token: its own role first", async () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    const imds = createMockImds();
    imds.fail({ on: "token", mode: "hang", times: Number.POSITIVE_INFINITY });
    await using listener = await imds.listen();
    const findings = await diagnose(
      { endpoint: listener.endpoint, timeout: 300, maxRetries: 0 },
      await machineWith({}),
    );
    expect(finding(findings, "session token").fix).toMatch(
      /Give the pod a role of its own .* container on a bridge network, raise the hop limit/,
    );
  });
});
