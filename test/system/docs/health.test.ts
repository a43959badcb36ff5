import { request } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { createMockImds, type MockImds } from "../../../src/testing/index.js";
import { startProgram } from "../../support/programs.js";
import { javaScriptOf, theSnippet } from "./snippets.js";
import { projectWith } from "./test-runs.js";

interface Health {
  readonly status: number | undefined;
  readonly body: unknown;
}

function ask(socketPath: string): Promise<Health> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath }, (answer) => {
      json(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
    });
    asking.on("error", reject).end();
  });
}

/** Starts the service of the page on observability on an instance. @returns a function that reads its health endpoint */
async function healthOn(imds: MockImds): Promise<() => Promise<Health>> {
  const listener = await imds.listen();
  onTestFinished(() => listener.close());
  const project = await projectWith([], []);
  // A server can listen on a path instead of a port, and no other process uses this path.
  const socketPath = join(project, "health");
  const snippet = theSnippet("docs/observability.md", ({ fileName }) => fileName === "health.ts");
  await startProgram(project, "mjs", javaScriptOf(snippet), {
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint, PORT: socketPath },
  });
  return () => ask(socketPath).catch((body: unknown) => ({ status: undefined, body }));
}

const LONG_ENOUGH = { timeout: 60_000 };

test("the health endpoint answers 200 while there are valid credentials", async () => {
  const health = await healthOn(createMockImds({ roleName: "app" }));
  await expect
    .poll(health, LONG_ENOUGH)
    .toMatchObject({ status: 200, body: { roleName: "app", stale: false } });
});

test("the health endpoint answers 503 with the error if there is no role", async () => {
  const health = await healthOn(createMockImds({ roleName: null }));
  const lastError = expect.stringContaining("[NO_ROLE_ATTACHED]");
  await expect.poll(health, LONG_ENOUGH).toMatchObject({ status: 503, body: { lastError } });
});
