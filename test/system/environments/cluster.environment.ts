import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { consumerProject } from "../../support/packed-package.js";
import { runBesideImds } from "./beside-imds.js";

test("in a cluster each worker has credentials, a mock with a port of its own, and ends when it is disconnected", async () => {
  const project = await consumerProject();
  const program = join(project, "cluster.mjs");
  await cp(join(import.meta.dirname, "programs/cluster.mjs"), program);

  const { exitCode, stdout, stderr, accessKeyId } = await runBesideImds([process.execPath, program]);

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const { reports, statuses } = JSON.parse(stdout);
  const report = (id: number) => ({
    shared: accessKeyId,
    port: expect.any(Number),
    isOwn: true,
    roleName: `role-of-${id}`,
    hasId: true,
    requests: expect.any(Number),
  });
  expect(reports).toEqual([report(1), report(2)]);
  expect(reports[0].port).not.toBe(reports[1].port);
  expect(statuses).toEqual([0, 0]);
});
