import { beforeAll, describe, expect, test } from "vitest";
import { CLEAN_ENVIRONMENT } from "../../support/child-process.js";
import { BUILD_MS, hostileProject, type Launcher, startProcesses } from "./hostile-setup.js";

const SETTINGS = { timeout: 1000, maxRetries: 3 };

let project = "";
beforeAll(async () => {
  project = await hostileProject();
}, BUILD_MS);

describe("an event loop that is blocked for seconds", () => {
  test.for(["timer", "immediate", "poll"])(
    "within a callback of the kind %s, while a response is under way: it counts, however late it is read",
    async (within) => {
      const { server, service } = await startProcesses(project, { timeout: 500, maxRetries: 0 });
      await service.call();
      const next = await server.rotate();
      await server.delay(200, "credentials");
      const call = { forceRefresh: true, after: 100, ms: 2000, within };
      expect(await service.process.ask("callAndBlock", call)).toMatchObject({ accessKeyId: next });
      expect(await service.status()).toEqual({ stale: false });
      await service.endsCleanly();
    },
  );

  test("until the credentials have expired: the next call has new ones", async () => {
    const options = { ...SETTINGS, advisoryWindowSeconds: 1 };
    const { server, service } = await startProcesses(project, options, { seconds: 2 });
    await service.call();
    const next = await server.rotate();
    await service.process.ask("block", { ms: 3500 });
    expect(await service.call()).toMatchObject({ end: "credentials", accessKeyId: next, expired: false });
    await service.endsCleanly();
  });
});

/** Room for what Node itself needs, and some more. */
const FEW_FILES: Launcher = {
  prefix: ["sh", "-c", 'ulimit -n 128 && exec "$@"', "sh"],
  env: CLEAN_ENVIRONMENT,
};

describe("a process that has no file descriptor left", () => {
  test("keeps the cached credentials, and refreshes once some are free", async () => {
    const { server, service } = await startProcesses(project, SETTINGS, { launcher: FEW_FILES });
    const { accessKeyId } = await service.call();
    expect(await service.process.ask("exhaust")).toBe("EMFILE");
    const next = await server.rotate();
    expect(await service.call({ forceRefresh: true })).toMatchObject({ end: "credentials", accessKeyId });
    expect(await service.status()).toEqual({ stale: false, code: "IMDS_UNREACHABLE" });
    await service.process.ask("free");
    expect(await service.call({ forceRefresh: true })).toMatchObject({ accessKeyId: next });
    await service.endsCleanly();
  });

  test("at its first call gets a typed error, and credentials once some are free", async () => {
    const { service } = await startProcesses(project, SETTINGS, { launcher: FEW_FILES });
    expect(await service.process.ask("exhaust")).toBe("EMFILE");
    expect(await service.call()).toMatchObject({ end: "typed error" });
    await service.process.ask("free");
    expect(await service.call({ forceRefresh: true })).toMatchObject({ end: "credentials" });
    await service.endsCleanly();
  });
});
