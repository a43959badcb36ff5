import { cp } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { consumerProject } from "../../support/packed-package.js";
import { runBesideImds } from "./beside-imds.js";

interface Outcome {
  readonly accessKeyId?: string;
  readonly code?: string;
  readonly message?: string;
  readonly cause?: string;
  readonly ms: number;
}

const PROGRAM = join(import.meta.dirname, "programs/agents.cjs");
const vendors = inject("agents");

/** Agents that patch `node:http` and copy the options or headers of a request on its way. */
const AGENTS: readonly (readonly [name: string, agent: string, home: string])[] = [
  ["no agent", "none", vendors],
  ...inject("openTelemetries").map(
    ({ family, home }) => [`OpenTelemetry, ${family}`, "openTelemetry", home] as const,
  ),
  ["dd-trace", "ddTrace", vendors],
  ["aws-xray-sdk-core", "xRay", vendors],
];

let program: string;
beforeAll(async () => {
  program = join(await consumerProject(), "agents.cjs");
  await cp(PROGRAM, program);
});

async function runWith(agent: string, home: string) {
  const quiet = [
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED=false",
    "DD_REMOTE_CONFIGURATION_ENABLED=false",
    "DD_TRACE_AGENT_URL=http://127.0.0.1:9",
  ];
  const report = await runBesideImds(["env", ...quiet, process.execPath, program, agent, home]);
  if (report.exitCode !== 0) throw new Error(report.stderr);
  const { loaded, cutOff }: { loaded: Outcome; cutOff: Outcome } = JSON.parse(report.stdout);
  return { ...report, loaded, cutOff };
}

describe.for(AGENTS)("with %s in the process", ([, agent, home]) => {
  test("credentials arrive; where every SYN is dropped, IMDS_UNREACHABLE after two attempts of a second", async () => {
    const { loaded, cutOff, accessKeyId } = await runWith(agent, home);

    expect(loaded).toMatchObject({ accessKeyId });
    expect(cutOff).toMatchObject({
      name: "InstanceMetadataError",
      code: "IMDS_UNREACHABLE",
      step: "token",
      attempts: 2,
    });
    expect(cutOff.ms).toBeGreaterThan(2000);
    expect(cutOff.ms).toBeLessThan(10_000);
  });
});

test("with an agent that throws in the place of each request: its error is the cause, and nothing is said of HTTP", async () => {
  const { loaded } = await runWith("strictXRay", vendors);

  expect(loaded.accessKeyId).toBeUndefined();
  expect(loaded.code).not.toBe("INVALID_RESPONSE");
  expect(loaded.message).not.toMatch(/not HTTP/i);
  expect(loaded.cause).toMatch(/segment/);
});
