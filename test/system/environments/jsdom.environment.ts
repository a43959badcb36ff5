import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { JEST, outcomesOf, projectWith } from "../docs/test-runs.js";

const ENVIRONMENT = join(inject("testTools"), "node_modules/jest-environment-jsdom");

/** jsdom has globals of its own: no `TextDecoder`, an `AbortSignal` that is not Node's, timers that are numbers. */
const TEST = `
  const { startImds, ACCESS_KEY_ID } = require("./small-imds.cjs");
  const { fromInstanceRole, InstanceMetadataClient, instanceRegion, InstanceMetadataError } = require("ec2-role-credentials");

  test("this is a browser, as far as globals tell", () => {
    expect(typeof document).toBe("object");
    expect(typeof setTimeout(() => {})).toBe("number");
  });

  test("credentials and the Region", async () => {
    const { endpoint } = await startImds();
    const provider = fromInstanceRole({ endpoint, shared: false });
    expect((await provider()).accessKeyId).toBe(ACCESS_KEY_ID);
    expect((await provider({ forceRefresh: true })).accessKeyId).toBe(ACCESS_KEY_ID);
    expect(provider.status()).toMatchObject({ roleName: "app", stale: false });
    provider.close();
    expect(await instanceRegion({ endpoint })()).toBe("eu-central-1");
  });

  test("bytes", async () => {
    const { endpoint } = await startImds();
    const bytes = await new InstanceMetadataClient({ endpoint }).getBytes("/latest/meta-data/placement/region");
    expect(Buffer.from(bytes).toString()).toBe("eu-central-1");
  });

  test("a 503 is retried", async () => {
    const { endpoint, requests } = await startImds([503]);
    expect((await fromInstanceRole({ endpoint, shared: false })()).accessKeyId).toBe(ACCESS_KEY_ID);
    expect(requests).toHaveLength(4);
  });

  test("silence is a timeout", async () => {
    const { endpoint } = await startImds(["silence"]);
    const error = await fromInstanceRole({ endpoint, shared: false, timeout: 200, maxRetries: 0 })().catch((e) => e);
    expect(error).toBeInstanceOf(InstanceMetadataError);
    expect(error.code).toBe("IMDS_TIMEOUT");
  });

  test("jsdom's own AbortSignal ends a read", async () => {
    const { endpoint } = await startImds([200, 200, "silence"]);
    const controller = new AbortController();
    const client = new InstanceMetadataClient({ endpoint, timeout: 60_000 });
    expect(await client.region()).toBe("eu-central-1");
    const read = client.get("/latest/meta-data/instance-id", { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(read).rejects.toMatchObject({ code: "ABORTED" });
    await expect(client.get("/latest/x", { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  });
`;

test("in Jest's jsdom the library does what it does in Node, and Jest exits", async () => {
  const project = await projectWith(["jest"], [{ fileName: "jsdom.test.cjs", text: TEST }]);
  await cp(join(import.meta.dirname, "programs/small-imds.cjs"), join(project, "small-imds.cjs"));

  const outcomes = await outcomesOf(project, [...JEST, `--env=${ENVIRONMENT}`]);

  expect(Object.fromEntries(outcomes)).toEqual({
    "this is a browser, as far as globals tell": "passed",
    "credentials and the Region": "passed",
    bytes: "passed",
    "a 503 is retried": "passed",
    "silence is a timeout": "passed",
    "jsdom's own AbortSignal ends a read": "passed",
  });
});
