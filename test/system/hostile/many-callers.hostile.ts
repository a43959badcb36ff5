import { beforeAll, describe, expect, test } from "vitest";
import { BUILD_MS, hostileProject, startProcesses } from "./hostile-setup.js";

const SETTINGS = { timeout: 1000, maxRetries: 3 };
const callers = 10_000;

let project = "";
beforeAll(async () => {
  project = await hostileProject();
}, BUILD_MS);

describe("10,000 concurrent calls", () => {
  test("at the start share one load", async () => {
    const { server, service } = await startProcesses(project, SETTINGS);
    const counts = await service.process.ask<Record<string, number>>("burst", { callers });
    expect(Object.values(counts)).toEqual([callers]);
    expect(await server.steps()).toEqual(["token", "role", "credentials"]);
    await service.endsCleanly();
  });

  test("get the same new credentials after an invalidation, from one refresh", async () => {
    const { server, service } = await startProcesses(project, SETTINGS);
    await service.call();
    const next = await server.rotate();
    await service.process.ask("invalidate");
    expect(await service.process.ask("burst", { callers })).toEqual({ [`credentials ${next}`]: callers });
    expect(await server.steps()).toEqual(["token", "role", "credentials", "credentials"]);
    await service.endsCleanly();
  });

  test("all get the typed error of one failed load", async () => {
    const { server, service } = await startProcesses(project, SETTINGS);
    await server.fail({ on: "token", status: 403 });
    const counts = { "typed error IMDS_FORBIDDEN": callers };
    expect(await service.process.ask("burst", { callers })).toEqual(counts);
    expect(await server.steps()).toEqual(["token"]);
    await service.endsCleanly();
  });

  test("of a thousand providers with equal settings share one load", async () => {
    // Each provider reads the shared config file for itself, which keeps the process busy for a while.
    const { server, service } = await startProcesses(project, { ...SETTINGS, timeout: 10_000 });
    const counts = await service.process.ask<Record<string, number>>("burstOfProviders", { callers: 1000 });
    expect(Object.values(counts)).toEqual([1000]);
    expect(await server.steps()).toEqual(["token", "role", "credentials"]);
    await service.endsCleanly();
  });
});

describe("worker threads", () => {
  test("each load with a provider of their own, and end by themselves", async () => {
    const { server, service } = await startProcesses(project, SETTINGS);
    const { accessKeyId } = await service.call();
    const ended = Array.from({ length: 8 }, () => `${accessKeyId}, exit 0`);
    expect(await service.process.ask("workers", { count: 8 })).toEqual(ended);
    expect((await server.steps()).filter((step) => step === "credentials")).toHaveLength(9);
    await service.endsCleanly();
  });

  test("that are terminated during a load leave the process and its provider as they were", async () => {
    const { server, service } = await startProcesses(project, SETTINGS);
    await server.fail({ on: "token", mode: "hang", times: 4 });
    const workers = service.process.ask("workers", { count: 4 });
    while ((await server.steps()).length < 4);
    await service.process.ask("terminateWorkers");
    expect(await workers).toEqual(Array.from({ length: 4 }, () => "nothing, exit 1"));
    expect(await service.call()).toMatchObject({ end: "credentials" });
    await service.endsCleanly();
  });
});
