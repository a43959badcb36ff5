import { expect, test } from "vitest";
import { JEST, outcomesOf, projectWith } from "../docs/test-runs.js";

/** Jest gives a test globals of its own, of which nothing that Node throws is an instance. */
const TEST = `
  const { createServer } = require("node:net");
  const { fromInstanceRole, InstanceMetadataClient } = require("ec2-role-credentials");

  const failureOf = (call) => call.then(() => "none", (error) => error);
  const listening = async (onSocket) => {
    // Not what keeps a failed test's process alive.
    const server = createServer(onSocket).unref();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { server, endpoint: "http://127.0.0.1:" + server.address().port };
  };

  test("refused", async () => {
    const { server, endpoint } = await listening(() => {});
    await new Promise((resolve) => server.close(resolve));
    const error = await failureOf(fromInstanceRole({ endpoint, shared: false })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", attempts: 1, cause: { code: "ECONNREFUSED" } });
  });

  test("reset", async () => {
    const { server, endpoint } = await listening((socket) => socket.resetAndDestroy());
    const error = await failureOf(new InstanceMetadataClient({ endpoint, maxRetries: 1 }).instanceId());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", attempts: 2, cause: { code: "ECONNRESET" } });
    await new Promise((resolve) => server.close(resolve));
  });
`;

test("within Jest, failed connections are distinguished from responses that are not HTTP", async () => {
  const project = await projectWith(["jest"], [{ fileName: "codes.test.cjs", text: TEST }]);

  const outcomes = await outcomesOf(project, JEST);

  expect(Object.fromEntries(outcomes)).toEqual({ refused: "passed", reset: "passed" });
});
