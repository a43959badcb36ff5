import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { BUILD_MS, expectTyped, hostileProject, MetadataServer, Service } from "./hostile-setup.js";

const SETTINGS = { timeout: 600, maxRetries: 1 };

let project = "";
beforeAll(async () => {
  project = await hostileProject();
}, BUILD_MS);

/** Passes on what comes, each way `ms` late. The connection itself is made at once. */
async function startRelay(to: number, delay: { ms: number }): Promise<number> {
  const sockets = new Set<Socket>();
  const pass = (from: Socket, into: Socket) => {
    sockets.add(from);
    from.on("error", () => into.destroy());
    from.on("close", () => into.destroy());
    from.on("data", (chunk) => setTimeout(() => into.writable && into.write(chunk), delay.ms));
  };
  const relay = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    pass(near, far);
    pass(far, near);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    relay.close();
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return (relay.address() as AddressInfo).port;
}

describe("metadata behind a relay", () => {
  test("that takes its time is read", async () => {
    const server = await MetadataServer.start(project);
    const port = await startRelay(server.port, { ms: 50 });
    const service = new Service(project, {
      endpoint: `http://127.0.0.1:${port}`,
      ...SETTINGS,
      timeout: 5000,
    });
    expect(await service.call()).toMatchObject({ end: "credentials" });
    expect(await server.steps()).toEqual(["token", "role", "credentials"]);
    await service.endsCleanly();
  });

  test("that takes longer than the timeout is a timeout, however often it is tried; then the relay gets faster", async () => {
    const server = await MetadataServer.start(project);
    const delay = { ms: SETTINGS.timeout };
    const service = new Service(project, {
      endpoint: `http://127.0.0.1:${await startRelay(server.port, delay)}`,
      ...SETTINGS,
    });
    expectTyped(await service.call(), "IMDS_TIMEOUT", SETTINGS);
    delay.ms = 0;
    expect(await service.call()).toMatchObject({ end: "credentials" });
    await service.endsCleanly();
  });
});
