import { connect, createServer } from "node:net";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { fromInstanceRole, InstanceMetadataClient } from "../../../src/index.js";
import { clearSharedCredentials, createMockImds } from "../../../src/testing/index.js";
import { consumerProject } from "../../support/packed-package.js";
import { runProgram } from "../../support/programs.js";

/** Long enough for any good answer on a busy machine. */
const PATIENT_MS = 20_000;

/** A mocked IMDS behind a plain forwarder, which counts the connections. */
async function watchedImds() {
  const imds = createMockImds();
  const { port: target } = await imds.listen();
  let made = 0;
  let open = 0;
  const forwarder = createServer((client) => {
    made++;
    open++;
    const service = connect(target, "127.0.0.1");
    client
      .on("error", () => {})
      .once("close", () => {
        open--;
        service.destroy();
      });
    service.on("error", () => {}).once("close", () => client.destroy());
    client.pipe(service).pipe(client);
  });
  await new Promise<void>((resolve) => forwarder.listen(0, "127.0.0.1", resolve));
  const address = forwarder.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    imds,
    endpoint: `http://127.0.0.1:${address.port}`,
    connections: () => ({ made, open }),
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => forwarder.close(resolve));
    },
  };
}

const allClosed = (connections: () => { open: number }): Promise<unknown> =>
  vi.waitUntil(() => connections().open === 0, { timeout: 60_000 });

test("a load uses one connection for its requests and closes it", async () => {
  const { imds, endpoint, connections, ...watched } = await watchedImds();
  onTestFinished(() => watched[Symbol.asyncDispose]());
  const provider = fromInstanceRole({ endpoint, timeout: PATIENT_MS });

  await provider();
  await allClosed(connections);
  expect(connections().made).toBe(1);
  expect(imds.requests).toHaveLength(3);

  await provider({ forceRefresh: true });
  await allClosed(connections);
  expect(connections().made).toBe(2);
});

test("a load that fails closes its connection too", async () => {
  const { imds, endpoint, connections, ...watched } = await watchedImds();
  onTestFinished(() => watched[Symbol.asyncDispose]());
  imds.fail({ on: "credentials", mode: "drip", times: Number.POSITIVE_INFINITY });

  await expect(fromInstanceRole({ endpoint, timeout: 100, maxRetries: 1 })()).rejects.toThrow(
    "[IMDS_TIMEOUT]",
  );
  await allClosed(connections);
});

test("readers side by side leave no connection behind", async () => {
  const { endpoint, connections, ...watched } = await watchedImds();
  onTestFinished(() => watched[Symbol.asyncDispose]());
  const client = new InstanceMetadataClient({ endpoint, timeout: PATIENT_MS });

  const regions = await Promise.all(Array.from({ length: 40 }, () => client.region()));

  expect(new Set(regions)).toEqual(new Set(["us-east-1"]));
  await allClosed(connections);
});

test("after a load the process has no socket that it did not have before, listening or not", async () => {
  const imds = createMockImds();
  const listener = await imds.listen();
  onTestFinished(() => listener.close());
  const source = `
        import { readdirSync, readlinkSync } from "node:fs";
    import { fromInstanceRole, instanceRegion } from "ec2-role-credentials";
    const sockets = () => readdirSync("/proc/self/fd").flatMap((fd) => {
      try { return [readlinkSync("/proc/self/fd/" + fd)]; } catch { return []; }
    }).filter((target) => target.startsWith("socket:")).sort();
    const before = sockets();
    const load = fromInstanceRole()();
    while (sockets().length === before.length) await new Promise(setImmediate);
    const during = sockets().length - before.length;
    await load;
    await instanceRegion()();
    // The system closes a socket in the turn after it was destroyed.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    console.log(JSON.stringify({ during, left: sockets().filter((socket) => !before.includes(socket)) }));`;

  // Another test may have had a mock on the same port.
  beforeEach(clearSharedCredentials);

  const { stdout } = await runProgram(await consumerProject(), "mjs", source, {
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint },
  });

  expect(JSON.parse(stdout)).toEqual({ during: 1, left: [] });
});
