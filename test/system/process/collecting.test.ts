import { expect, test } from "vitest";
import { consumerProject } from "../../support/packed-package.js";
import { runProgram } from "../../support/programs.js";

/** For programs, which have mock and library in one process and print what they have seen. */
const PRELUDE = `
  import { setImmediate } from "node:timers/promises";
  import { createMockImds } from "ec2-role-credentials/testing";
  import { fromInstanceRole } from "ec2-role-credentials";
  const listening = async () => {
    const imds = createMockImds();
    const { endpoint, close } = await imds.listen();
    return { imds, endpoint, close };
  };
  /** Refreshes as often as it can. */
  const restless = async (endpoint, more) => {
    const provider = fromInstanceRole({ maxAgeSeconds: 0.02, advisoryWindowSeconds: 0.02, endpoint, ...more });
    await provider();
    return provider;
  };
  const moreRequests = async ({ requests }, count) => {
    const before = requests.length;
    while (requests.length < before + count) await setImmediate();
  };
  const collectGarbage = async (done) => {
    // Dereferencing a WeakRef keeps its target alive until the end of the turn.
    do {
      await setImmediate();
      globalThis.gc();
    } while (!done());
    // What runs when something was collected has a turn of its own.
    for (let turn = 0; turn < 10; turn++) await setImmediate();
  };
  const isGone = (reference) => reference.deref() === undefined;
`;

async function report(program: string): Promise<unknown> {
  const source = `${PRELUDE}\n${program}`;
  const { stdout } = await runProgram(await consumerProject(), "mjs", source, { flags: ["--expose-gc"] });
  return JSON.parse(stdout);
}

test("what the first caller has in its AsyncLocalStorage is not kept by what all callers share", async () => {
  const seen = await report(`
    const { AsyncLocalStorage } = await import("node:async_hooks");
    const { InstanceMetadataClient, instanceRegion } = await import("ec2-role-credentials");
    const { endpoint, close } = await listening();
    const storage = new AsyncLocalStorage();
    const kept = [];
    const firstCall = async (what, call) => {
      const store = { what };
      kept.push(what);
      await storage.run(store, call);
      return new WeakRef(store);
    };
    // What Node loads for the first request keeps the context that it was loaded in.
    await fromInstanceRole({ endpoint, shared: false })();
    await new InstanceMetadataClient({ endpoint }).region();
    const [provider, lone, client, region] = [
      fromInstanceRole({ endpoint }),
      fromInstanceRole({ endpoint, shared: false }),
      new InstanceMetadataClient({ endpoint }),
      instanceRegion({ endpoint }),
    ];
    const references = await (async () => [
      await firstCall("provider", () => provider()),
      await firstCall("provider of its own", () => lone()),
      await firstCall("client", () => client.instanceId()),
      await firstCall("region", () => region()),
    ])();
    let turns = 0;
    await collectGarbage(() => references.every(isGone) || ++turns === 200);
    console.log(JSON.stringify(references.map((reference, i) => reference.deref() && kept[i]).filter(Boolean)));
    await Promise.all([provider(), lone(), client.instanceId(), region()]);
    await close();`);

  expect(seen).toEqual([]);
});

test("providers that were dropped are collected and refresh no more, while others go on", async () => {
  const seen = await report(`
    const [dropped, kept] = [await listening(), await listening()];
    const provider = await restless(kept.endpoint);
    const references = await (async () => {
      const providers = [];
      for (let i = 0; i < 20; i++) providers.push(await restless(dropped.endpoint, { shared: false }));
      await moreRequests(dropped.imds, 40);
      return providers.map((each) => new WeakRef(each));
    })();
    await collectGarbage(() => references.every(isGone));
    // What was under way when they were collected may still come.
    await moreRequests(kept.imds, 10);
    const before = dropped.imds.requests.length;
    await moreRequests(kept.imds, 40);
    console.log(JSON.stringify({ after: dropped.imds.requests.length - before, kept: provider.status().roleName }));
    await Promise.all([dropped.close(), kept.close()]);`);

  expect(seen).toEqual({ after: 0, kept: "mock-role" });
});

test("a wrapper of refreshAhead that was dropped is collected, and its source is called no more", async () => {
  const seen = await report(`
    const { refreshAhead } = await import("ec2-role-credentials");
    const counted = () => {
      const source = async () => ({ accessKeyId: "KEY-" + ++source.calls, secretAccessKey: "-" });
      source.calls = 0;
      return source;
    };
    const moreCalls = async (source, count) => {
      const before = source.calls;
      while (source.calls < before + count) await setImmediate();
    };
    const [keptSource, droppedSource] = [counted(), counted()];
    const kept = refreshAhead(keptSource, { maxAgeSeconds: 0.02 });
    await kept();
    const dropped = await (async () => {
      const wrapper = refreshAhead(droppedSource, { maxAgeSeconds: 0.02 });
      await wrapper();
      return new WeakRef(wrapper);
    })();
    await collectGarbage(() => isGone(dropped));
    // A refresh that was in flight then may still end.
    await moreCalls(keptSource, 10);
    const before = droppedSource.calls;
    await moreCalls(keptSource, 40);
    console.log(JSON.stringify({ after: droppedSource.calls - before, kept: kept.status().stale }));
    kept.close();`);
  expect(seen).toEqual({ after: 0, kept: false });
});

test("the timer of a cache that was collected is cleared", async () => {
  const seen = await report(`
    const { endpoint, close } = await listening();
    const { setTimeout, clearTimeout } = globalThis;
    const planned = new Set();
    globalThis.setTimeout = (callback, ms, ...args) => {
      const timer = setTimeout(callback, ms, ...args);
      // The next refresh, not a deadline of a request.
      if (ms > 600_000) planned.add(timer);
      return timer;
    };
    globalThis.clearTimeout = (timer) => {
      planned.delete(timer);
      clearTimeout(timer);
    };
    const plannedBefore = await (async () => {
      const providers = Array.from({ length: 10 }, () => fromInstanceRole({ endpoint, shared: false }));
      for (const provider of providers) await provider();
      return planned.size;
    })();
    let turns = 0;
    await collectGarbage(() => planned.size === 0 || ++turns === 200);
    console.log(JSON.stringify({ plannedBefore, plannedAfter: planned.size }));
    await close();`);

  expect(seen).toEqual({ plannedBefore: 10, plannedAfter: 0 });
});

test("a cache that several providers share refreshes until the last of them was dropped", async () => {
  const seen = await report(`
    const [shared, other] = [await listening(), await listening()];
    const clock = await restless(other.endpoint);
    const providers = new Set([await restless(shared.endpoint), await restless(shared.endpoint)]);
    const loads = shared.imds.requests.filter(({ step }) => step === "token").length;
    const drop = () => {
      const [provider] = providers;
      providers.delete(provider);
      return new WeakRef(provider);
    };
    const first = drop();
    await collectGarbage(() => isGone(first));
    await moreRequests(shared.imds, 10);
    const last = drop();
    await collectGarbage(() => isGone(last));
    await moreRequests(other.imds, 10);
    const before = shared.imds.requests.length;
    await moreRequests(other.imds, 40);
    console.log(JSON.stringify({ loads, after: shared.imds.requests.length - before, clock: typeof clock }));
    await Promise.all([shared.close(), other.close()]);`);

  expect(seen).toEqual({ loads: 1, after: 0, clock: "function" });
});

test("a refresh that the caller of a dropped provider waits for still ends", async () => {
  const seen = await report(`
    const { imds, endpoint, close } = await listening();
    imds.delay(100, "credentials");
    const call = fromInstanceRole({ endpoint, shared: false })();
    let identity;
    call.then((value) => (identity = value));
    await collectGarbage(() => identity !== undefined);
    console.log(JSON.stringify(identity.accessKeyId === imds.credentials.accessKeyId));
    await close();`);

  expect(seen).toBe(true);
});

test("3,000 providers that were used and dropped leave the heap where it was", async () => {
  const seen = await report(`
    const { endpoint, close } = await listening();
    const first = fromInstanceRole({ endpoint });
    await first();
    const used = async (into) => {
      for (let i = 0; i < 3000; i++) {
        const provider = fromInstanceRole({ endpoint });
        await provider();
        into?.push(provider);
      }
    };
    const heap = async () => {
      let rounds = 0;
      await collectGarbage(() => ++rounds > 20);
      return process.memoryUsage().heapUsed;
    };
    const growth = async (into) => {
      const before = await heap();
      await used(into);
      return (await heap()) - before;
    };
    await used();
    // A leak shows in every round; what the engine keeps for itself comes and goes.
    let dropped = Infinity;
    for (let round = 0; round < 6; round++) dropped = Math.min(dropped, await growth());
    const providers = [];
    const kept = await growth(providers);
    console.log(JSON.stringify({ dropped, kept, count: providers.length, first: first.status().roleName }));
    await close();`);

  const { dropped, kept } = seen as { dropped: number; kept: number };
  // Kept, they take memory: once they are dropped, not a tenth of that is left.
  expect(kept).toBeGreaterThan(3000 * 100);
  expect(dropped).toBeLessThan(kept / 10);
});

test("a provider that is dropped before its settings are read leaves nothing in the cache that it would share", async () => {
  const seen = await report(`
    import { execFileSync } from "node:child_process";
    import { closeSync, openSync } from "node:fs";
    import { open } from "node:fs/promises";
    const { imds, endpoint, close } = await listening();
    const kept = fromInstanceRole({ endpoint });
    await kept();
    // All of Node's threads for files wait for a writer, so that no config file is read before there is one.
    const pipes = ["one", "two", "three", "four"];
    execFileSync("mkfifo", pipes);
    const opening = pipes.map((pipe) => open(pipe));
    process.env.AWS_CONFIG_FILE = process.cwd() + "/config";
    process.env.AWS_SHARED_CREDENTIALS_FILE = process.cwd() + "/credentials";
    const { loading, provider, logger } = (() => {
      const logger = { debug() {}, info() {}, warn() {}, error() {} };
      const provider = fromInstanceRole({ endpoint, logger });
      return { loading: provider(), provider: new WeakRef(provider), logger: new WeakRef(logger) };
    })();
    await collectGarbage(() => isGone(provider));
    const isLoggerAlive = !isGone(logger);
    for (const pipe of pipes) closeSync(openSync(pipe, "w"));
    for (const file of await Promise.all(opening)) await file.close();
    await loading;
    await collectGarbage(() => isGone(logger));
    await kept({ forceRefresh: true });
    console.log(JSON.stringify({ isLoggerAlive, requests: imds.requests.length }));
    await close();`);

  expect(seen).toEqual({ isLoggerAlive: true, requests: 4 });
});
