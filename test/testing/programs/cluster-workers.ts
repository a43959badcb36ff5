// Two workers of a cluster, each with a mock of its own. Prints where each listens, and the role that is served there.

import cluster from "node:cluster";
import { createMockImds, type MockListener } from "../../../src/testing/index.js";
import { ROLES_PATH, read } from "../client.js";

const WORKERS = 2;

async function primary(): Promise<void> {
  const endpoints: string[] = [];
  for (let number = 1; number <= WORKERS; number += 1) cluster.fork({ ROLE: `role-${number}` });
  cluster.on("message", async (_worker, endpoint: string) => {
    endpoints.push(endpoint);
    if (endpoints.length < WORKERS) return;
    const served = await Promise.all(
      endpoints.map(async (one) => [one, (await read(one, ROLES_PATH)).body] as const),
    );
    process.stdout.write(JSON.stringify(served));
    cluster.disconnect();
  });
}

async function worker(): Promise<MockListener> {
  const listener = await createMockImds({ roleName: process.env.ROLE }).listen();
  process.send?.(listener.endpoint);
  process.once("disconnect", () => listener.close());
  return listener;
}

await (cluster.isPrimary ? primary() : worker());
