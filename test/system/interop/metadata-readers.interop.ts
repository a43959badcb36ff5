import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type ChildRun, run } from "../../support/child-process.js";
import { lacks } from "./debian.js";
import { requirePresent } from "./describe-client.js";
import { EC2_ADDRESS, inNamespace, REASON_FOR_NO_NAMESPACE } from "./namespace.js";

const TIMEOUT_MS = 150_000;
const CLI = fileURLToPath(new URL("../../../src/cli/index.ts", import.meta.url));
const CRAWL = fileURLToPath(new URL("./programs/cloud_init_crawl.py", import.meta.url));
const EC2_METADATA = "/usr/bin/ec2-metadata";

/** Runs a program with the mock at EC2's address, in a network where there is nothing else. */
function withMock(flags: readonly string[], program: readonly string[]): Promise<ChildRun> {
  const mock = [process.execPath, "--import", "tsx", CLI, "mock", "--host", EC2_ADDRESS, "--port", "80"];
  const line = [...mock, "--expose-to-network", ...flags, "--", ...program];
  const [file = "", ...args] = inNamespace(line, "loopback and EC2's");
  return run(file, args);
}

describe("cloud-init", { timeout: TIMEOUT_MS }, () => {
  const missing = lacks("/usr/lib/python3/dist-packages/cloudinit", "cloud-init");
  const crawl = async (...flags: string[]) => {
    requirePresent(REASON_FOR_NO_NAMESPACE ?? missing());
    const { exitCode, stdout, stderr } = await withMock(flags, ["/usr/bin/python3", CRAWL]);
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
    return JSON.parse(stdout);
  };

  test("reads the whole tree through a session token", async () => {
    const crawled = await crawl("--user-data", CRAWL, "--region", "eu-central-1");

    expect(crawled["user-data"]).toMatch(/^"""Prints what cloud-init reads/);
    expect(crawled._metadata_api_version).toBe("2021-03-23");
    expect(crawled["meta-data"]).toMatchObject({
      "instance-id": "i-0a1b2c3d4e5f67890",
      iam: { info: { Code: "Success" } },
      placement: { region: "eu-central-1", "availability-zone": "eu-central-1a" },
      "public-keys": { "mock-key": expect.stringMatching(/^ssh-ed25519 /) },
      network: { interfaces: { macs: { "02:00:0a:00:00:0a": { "local-ipv4s": "10.0.0.10" } } } },
    });
    expect(crawled.dynamic["instance-identity"].document).toMatchObject({ region: "eu-central-1" });
  });

  test("gets nothing when the token is refused", async () => {
    expect(await crawl("--fail", "token:403")).toEqual({});
  });
});

describe("ec2-metadata", { timeout: TIMEOUT_MS }, () => {
  const missing = lacks(EC2_METADATA, "amazon-ec2-utils");

  test("prints the instance's metadata, read through a session token", async () => {
    requirePresent(REASON_FOR_NO_NAMESPACE ?? missing());

    const { exitCode, stdout } = await withMock(["--region", "eu-central-1"], [EC2_METADATA, "--all"]);

    expect(exitCode).toBe(0);
    const lines = stdout.split("\n");
    for (const line of [
      "ami-id: ami-0a1b2c3d4e5f67890",
      "instance-id: i-0a1b2c3d4e5f67890",
      "local-ipv4: 10.0.0.10",
      "public-ipv4: 203.0.113.10",
      "placement: eu-central-1a",
      "keyname:mock-key",
      // Those that only some instances have.
      "ancestor-ami-ids: not available",
      "kernel-id: not available",
    ])
      expect(lines).toContain(line);
  });

  test("says so when the token is refused", async () => {
    requirePresent(REASON_FOR_NO_NAMESPACE ?? missing());

    const { exitCode, stdout } = await withMock(["--fail", "token:403"], [EC2_METADATA, "--instance-id"]);

    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/Could not get IMDSv2 token/);
  });
});
