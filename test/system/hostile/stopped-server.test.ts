import { beforeAll, describe, expect, test } from "vitest";
import { BUILD_MS, expectTyped, hostileProject, startProcesses } from "./hostile-setup.js";

const SETTINGS = { timeout: 300, maxRetries: 1 };

let project = "";
beforeAll(async () => {
  project = await hostileProject();
}, BUILD_MS);

describe("a metadata server that is stopped", () => {
  // In a process that does nothing else: nothing but the deadline itself wakes it.
  test("is a timeout of the token that names the hop limit, and is found again when it goes on", async () => {
    const { server, service } = await startProcesses(project, SETTINGS);
    await server.process.freeze();
    const outcome = await service.call();
    expectTyped(outcome, "IMDS_TIMEOUT", SETTINGS);
    expect(outcome).toMatchObject({ step: "token", attempts: 2 });
    expect(outcome.message).toContain("hop limit");
    server.process.thaw();
    await service.callUntil(await server.rotate(), ["IMDS_TIMEOUT"]);
    await service.endsCleanly();
  });

  test("leaves the cached credentials in use", async () => {
    const { server, service } = await startProcesses(project, SETTINGS);
    const { accessKeyId } = await service.call();
    await server.process.freeze();
    expect(await service.call({ forceRefresh: true })).toMatchObject({ end: "credentials", accessKeyId });
    expect(await service.status()).toEqual({ stale: false, code: "IMDS_TIMEOUT" });
    server.process.thaw();
    const next = await server.rotate();
    expect(await service.call({ forceRefresh: true })).toMatchObject({ accessKeyId: next });
    await service.endsCleanly();
  });
});
