import { expect, onTestFinished, test } from "vitest";
import { createMockImds } from "../../../src/testing/index.js";
import { runProgram } from "../../support/programs.js";
import { installOpenTelemetry } from "./opentelemetry.js";
import { javaScriptOf, theSnippet } from "./snippets.js";
import { projectWith } from "./test-runs.js";

const TWO_REFRESHES = `
import { fromInstanceRole } from "ec2-role-credentials";
const credentials = fromInstanceRole();
await credentials();
await credentials({ forceRefresh: true });
`;

test("OpenTelemetry's instruments are created once, and measure each refresh", async () => {
  const listener = await createMockImds().listen();
  onTestFinished(() => listener.close());
  const project = await projectWith([], []);
  await installOpenTelemetry(project);
  const snippet = theSnippet("docs/observability.md", ({ fileName }) => fileName === "telemetry.ts");

  const { stdout } = await runProgram(project, "mjs", javaScriptOf(snippet) + TWO_REFRESHES, {
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint },
  });

  expect(stdout.trim().split("\n")).toEqual([
    "created ec2.role.refreshes",
    "created ec2.role.refresh.duration",
    'ec2.role.refreshes number {"kind":"initial","outcome":"new"}',
    'ec2.role.refresh.duration number {"unit":"ms","kind":"initial"}',
    'ec2.role.refreshes number {"kind":"forced","outcome":"unchanged"}',
    'ec2.role.refresh.duration number {"unit":"ms","kind":"forced"}',
  ]);
});
