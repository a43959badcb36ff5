import { expect, onTestFinished, test, vi } from "vitest";
import type { MockImds, MockImdsOptions } from "../../../src/testing/index.js";
import { createMockImds } from "../../../src/testing/index.js";
import { consumerProject } from "../../support/packed-package.js";
import { runProgram, startProgram, succeeded, WAIT_FOR_TEST } from "../../support/programs.js";

async function listening(options?: MockImdsOptions) {
  const imds = createMockImds(options);
  const listener = await imds.listen();
  onTestFinished(() => listener.close());
  return { imds, env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint } };
}

const stepsOf = (imds: MockImds) => imds.requests.map(({ step }) => step);

// A process that does not end is a test that does not end: no test here asks how long anything took. Each program
// keeps its provider, as an application does: the timer of one that was collected would be cleared, and the process end.
const KEEP = "globalThis.kept = provider;";

test("a process ends by itself after a load, though a refresh is planned", async () => {
  const { imds, env } = await listening();
  const source = `
    import { fromInstanceRole, InstanceMetadataClient, instanceRegion } from "ec2-role-credentials";
    const provider = fromInstanceRole();
    ${KEEP}
    const { accessKeyId } = await provider();
    await instanceRegion()();
    await new InstanceMetadataClient().get("/latest/meta-data/instance-id");
    console.log(JSON.stringify({ accessKeyId, planned: provider.status().nextRefresh > new Date() }));`;

  const { stdout, stderr } = await runProgram(await consumerProject(), "mjs", source, { env });

  expect(JSON.parse(stdout)).toEqual({ accessKeyId: imds.credentials?.accessKeyId, planned: true });
  expect(stderr).toBe("");
});

test("a process ends although its provider refreshes again and again", async () => {
  const { imds, env } = await listening();
  const source = `${WAIT_FOR_TEST}
    import { fromInstanceRole } from "ec2-role-credentials";
    const provider = fromInstanceRole({ maxAgeSeconds: 0.02, advisoryWindowSeconds: 0.02 });
    ${KEEP}
    await provider();
    await waitForTest();`;

  const child = await startProgram(await consumerProject(), "mjs", source, { env });
  await vi.waitUntil(() => imds.requests.length > 20, { timeout: 60_000 });
  child.goOn();

  expect(succeeded(await child.ended).stderr).toBe("");
});

test.for([
  ["is never answered", { mode: "hang" }],
  ["is tried again and again", { status: 500 }],
] as const)("a process does not wait for a background refresh that %s", async ([, fault]) => {
  const { imds, env } = await listening();
  imds.fail({ on: "credentials", after: 1, times: Number.POSITIVE_INFINITY, ...fault });
  const source = `${WAIT_FOR_TEST}
    import { fromInstanceRole } from "ec2-role-credentials";
    const provider = fromInstanceRole({ maxAgeSeconds: 0.001, timeout: 3_600_000, maxRetries: 1000 });
    ${KEEP}
    const first = await provider();
    const asked = Date.now();
    while (Date.now() < asked + 5);
    const second = await provider();
    console.log(first === second);
    await waitForTest();`;

  const child = await startProgram(await consumerProject(), "mjs", source, { env });
  await vi.waitUntil(() => stepsOf(imds).filter((step) => step === "credentials").length > 1, {
    timeout: 60_000,
  });
  child.goOn();

  expect(succeeded(await child.ended).stdout).toBe("true\n");
});

test("a process does not end before the initial load that a caller waits for, slow and retried as it is", async () => {
  const { imds, env } = await listening();
  imds.delay(150);
  imds.fail({ on: "role", status: 503 });
  const source = `
    import { fromInstanceRole } from "ec2-role-credentials";
    fromInstanceRole()().then(({ accessKeyId }) => console.log(accessKeyId));`;

  const { stdout } = await runProgram(await consumerProject(), "mjs", source, { env });

  expect(stdout).toBe(`${imds.credentials?.accessKeyId}\n`);
});

test("a process does not end before a caller has the error of an initial load", async () => {
  const { imds, env } = await listening();
  imds.fail({ mode: "hang", times: Number.POSITIVE_INFINITY });
  const source = `
    import { fromInstanceRole } from "ec2-role-credentials";
    fromInstanceRole({ timeout: 100, maxRetries: 1 })().catch(({ code }) => console.log(code));`;

  const { stdout } = await runProgram(await consumerProject(), "mjs", source, { env });

  expect(stdout).toBe("IMDS_TIMEOUT\n");
});

test("a process does not end before a role that it waits for at boot is attached", async () => {
  const { imds, env } = await listening({ roleName: null });
  const source = `
    import { fromInstanceRole } from "ec2-role-credentials";
    fromInstanceRole({ waitForRoleSeconds: 3600, maxRetries: 0 })().then(({ accessKeyId }) => console.log(accessKeyId));`;

  const child = await startProgram(await consumerProject(), "mjs", source, { env });
  child.goOn();
  await vi.waitUntil(() => stepsOf(imds).filter((step) => step === "role").length > 1, { timeout: 60_000 });
  imds.attachRole("web-server");

  expect(succeeded(await child.ended).stdout).toBe(`${imds.credentials?.accessKeyId}\n`);
});

test.for([
  ["a mandatory refresh", "provider.invalidate(first.accessKeyId); provider()"],
  ["a forced refresh", "provider({ forceRefresh: true })"],
])(
  "a process does not end before %s that a caller waits for, retries and their waits included",
  async ([, call]) => {
    const { imds, env } = await listening();
    const source = `${WAIT_FOR_TEST}
    import { fromInstanceRole } from "ec2-role-credentials";
    const provider = fromInstanceRole();
    ${KEEP}
    const first = await provider();
    await waitForTest();
    ${call}.then(({ accessKeyId }) => console.log(accessKeyId));`;

    const child = await startProgram(await consumerProject(), "mjs", source, { env });
    await vi.waitUntil(() => stepsOf(imds).includes("credentials"), { timeout: 60_000 });
    imds.rotate();
    imds.fail({ on: "credentials", status: 503, times: 2 });
    child.goOn();

    expect(succeeded(await child.ended).stdout).toBe(`${imds.credentials?.accessKeyId}\n`);
  },
);

test.for([
  ["the Region", "instanceRegion()()", "eu-central-1"],
  [
    "a metadata path",
    'new InstanceMetadataClient().get("/latest/meta-data/placement/region")',
    "eu-central-1",
  ],
])("a process does not end before %s that a caller waits for has arrived", async ([, call, expected]) => {
  const { imds, env } = await listening({ region: "eu-central-1" });
  imds.delay(150);
  const source = `
    import { InstanceMetadataClient, instanceRegion } from "ec2-role-credentials";
    ${call}.then((value) => console.log(value));`;

  const { stdout } = await runProgram(await consumerProject(), "mjs", source, { env });

  expect(stdout).toBe(`${expected}\n`);
});

test("failures of background refreshes are no unhandled rejections", async () => {
  const { imds, env } = await listening();
  const source = `
    import { subscribe } from "node:diagnostics_channel";
    import { setImmediate } from "node:timers/promises";
    import { fromInstanceRole, REFRESH_CHANNEL } from "ec2-role-credentials";
    let failed = 0;
    subscribe(REFRESH_CHANNEL, ({ outcome }) => { if (outcome === "failed") failed++; });
    const options = { maxAgeSeconds: 0.02, advisoryWindowSeconds: 0.02, maxRetries: 0, timeout: 1000 };
    const providers = [1, 2, 3].map(() => fromInstanceRole({ ...options, shared: false }));
    for (const provider of providers) await provider();
    while (failed < 3) await setImmediate();
    for (const provider of providers) await provider({ forceRefresh: true });
    const refused = fromInstanceRole({ endpoint: "http://127.0.0.1:9" });
    await Promise.all(Array.from({ length: 20 }, () => refused().catch(() => {})));
    await refused().catch(() => {});
    await setImmediate();
    console.log(providers.map((provider) => provider.status().lastError?.code).join());`;

  const child = await startProgram(await consumerProject(), "mjs", source, { env });
  await vi.waitUntil(() => imds.requests.length > 20, { timeout: 60_000 });
  imds.fail({ status: 500, times: Number.POSITIVE_INFINITY });

  const { stdout, stderr } = succeeded(await child.ended);
  expect(stdout).toBe("SERVER_ERROR,SERVER_ERROR,SERVER_ERROR\n");
  expect(stderr).toBe("");
});

test.for([
  ["an initial load", "fromInstanceRole({ maxRetries: 1, timeout: 300 })()"],
  [
    "a read of metadata",
    'new InstanceMetadataClient({ maxRetries: 1, timeout: 300 }).get("/latest/meta-data/instance-id")',
  ],
  ["the Region", "instanceRegion({ maxRetries: 1, timeout: 300 })()"],
])(
  "a process in which fake timers never end the wait for a retry of %s ends all the same",
  async ([, call]) => {
    const { imds, env } = await listening();
    imds.fail({ on: "any", status: 503, times: Number.POSITIVE_INFINITY });
    const source = `
    import { fromInstanceRole, InstanceMetadataClient, instanceRegion } from "ec2-role-credentials";
    globalThis.setTimeout = () => ({ unref() {}, ref() {}, hasRef: () => false });
    globalThis.kept = ${call}.then(() => console.log("answered"), () => console.log("failed"));`;

    const { stdout } = await runProgram(await consumerProject(), "mjs", source, { env });

    expect(stdout).toBe("");
    expect(imds.requests).toHaveLength(1);
  },
);

test("a process does not wait for a name server that a background refresh would need", async () => {
  const { imds, env } = await listening();
  const source = `${WAIT_FOR_TEST}
    import dns from "node:dns";
    import { fromInstanceRole } from "ec2-role-credentials";
    let lookups = 0;
    // From the second lookup on it holds the process, as the system's own does while a name server is silent.
    dns.lookup = (name, options, done) => {
      if (lookups++ === 0) done(null, [{ address: "127.0.0.1", family: 4 }]);
      else setTimeout(() => {}, 3_600_000);
    };
    const provider = fromInstanceRole({ maxAgeSeconds: 0.02 });
    ${KEEP}
    await provider();
    await waitForTest();`;
  const named = {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: env.AWS_EC2_METADATA_SERVICE_ENDPOINT.replace(
      "127.0.0.1",
      "localhost",
    ),
  };

  const child = await startProgram(await consumerProject(), "mjs", source, { env: named });
  await vi.waitUntil(() => imds.requests.length > 10, { timeout: 60_000 });
  child.goOn();

  expect(succeeded(await child.ended).stderr).toBe("");
});
