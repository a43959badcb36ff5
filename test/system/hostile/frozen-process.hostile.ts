import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { BUILD_MS, boundOf, hostileProject, startProcesses } from "./hostile-setup.js";

const SETTINGS = { timeout: 1000, maxRetries: 3 };
const LIFETIME_SECONDS = 4;

let project = "";
beforeAll(async () => {
  project = await hostileProject();
}, BUILD_MS);

/** An application that was frozen until its credentials, which live a few seconds, had expired. */
async function frozenPastExpiry() {
  const options = { ...SETTINGS, advisoryWindowSeconds: 1 };
  const processes = await startProcesses(project, options, { seconds: LIFETIME_SECONDS });
  const { accessKeyId: old } = await processes.service.call();
  await processes.service.process.freeze();
  // The server rounds up to whole seconds.
  await wait((LIFETIME_SECONDS + 1) * 1000);
  return { ...processes, old };
}

describe("a process that was frozen until its credentials had expired", () => {
  test("returns new ones to every caller once it is thawed, after one refresh", async () => {
    const { server, service } = await frozenPastExpiry();
    const next = await server.rotate();
    const before = (await server.steps()).length;
    service.process.thaw();
    expect(await service.process.ask("burst", { callers: 100 })).toEqual({ [`credentials ${next}`]: 100 });
    expect((await server.steps()).slice(before)).toEqual(["credentials"]);
    await service.endsCleanly();
  });

  test("returns the expired ones, marked stale, in bounded time while metadata is down, and recovers", async () => {
    const { server, service, old } = await frozenPastExpiry();
    await server.process.freeze();
    service.process.thaw();
    const outcome = await service.call();
    expect(outcome).toMatchObject({ end: "credentials", accessKeyId: old, expired: true });
    expect(outcome.ms).toBeLessThan(boundOf(SETTINGS));
    expect(await service.status()).toEqual({ stale: true, code: "IMDS_TIMEOUT" });
    server.process.thaw();
    await service.callUntil(await server.rotate(), [String(old)]);
    expect(await service.status()).toEqual({ stale: false });
    await service.endsCleanly();
  });
});

test("a process that was frozen during a refresh, past its deadline, has credentials when it is thawed", async () => {
  const { server, service } = await startProcesses(project, { timeout: 500, maxRetries: 1 });
  await server.delay(100, "credentials");
  const call = service.call();
  while (!(await server.steps()).includes("credentials"));
  await service.process.freeze();
  await wait(1500);
  service.process.thaw();
  expect(await call).toMatchObject({ end: "credentials", expired: false });
  await service.endsCleanly();
});
