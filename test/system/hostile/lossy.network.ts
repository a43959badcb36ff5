import { expect, test } from "vitest";
import { networksWithMetadata } from "./network-setup.js";

const newNetwork = networksWithMetadata();

const ENDS = /^(credentials ASIA\w+|typed error IMDS_(TIMEOUT|UNREACHABLE))$/;

// The kernel sends a lost segment again after 200 ms at the earliest, a lost first one after a second.
const PATIENT = { timeout: 1500, maxRetries: 3 };

test.for([5, 20, 40])(
  "with %i percent of the packets lost every call ends, with credentials or a typed error; afterwards calls succeed",
  async (percent) => {
    const { container, host, server, serviceIn } = await newNetwork();
    host.rule("forward", `numgen random mod 100 < ${percent} counter drop`);
    const service = serviceIn(container, PATIENT);
    const counts = await service.process.ask<Record<string, number>>("burstOfUnshared", { callers: 40 });
    for (const end of Object.keys(counts)) expect(end).toMatch(ENDS);
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(40);
    expect(Object.keys(counts)).toContainEqual(expect.stringMatching(/^credentials/));
    expect(host.counted()).toBeGreaterThan(0);
    host.noRule();
    expect(await service.call({ forceRefresh: true })).toMatchObject({ end: "credentials" });
    await service.endsCleanly();
    expect((await server.steps()).length).toBeGreaterThan(0);
  },
);
