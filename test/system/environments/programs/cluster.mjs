// A cluster of two workers, each with a provider and a mock of its own. The primary prints what they report.

import cluster from "node:cluster";
import { once } from "node:events";
import { fromInstanceRole, InstanceMetadataClient } from "ec2-role-credentials";
import { createMockImds } from "ec2-role-credentials/testing";

const WORKERS = 2;

async function primary() {
  const workers = Array.from({ length: WORKERS }, () => cluster.fork());
  const reports = await Promise.all(
    workers.map(async (worker) => {
      const [report] = await once(worker, "message");
      return report;
    }),
  );
  const exits = workers.map((worker) => once(worker, "exit"));
  // Disconnected, a worker has nothing left to do: neither the provider nor the mock holds it.
  for (const worker of workers) worker.disconnect();
  const statuses = (await Promise.all(exits)).map(([status]) => status);
  console.log(JSON.stringify({ reports, statuses }));
}

async function worker() {
  const shared = await fromInstanceRole()();
  const imds = createMockImds({ roleName: `role-of-${cluster.worker.id}` });
  const listener = await imds.listen();
  const own = fromInstanceRole({ endpoint: listener.endpoint });
  const { accessKeyId } = await own();
  const instanceId = await new InstanceMetadataClient({ endpoint: listener.endpoint }).instanceId();
  await listener.close();
  process.send({
    shared: shared.accessKeyId,
    port: listener.port,
    isOwn: accessKeyId === imds.credentials.accessKeyId,
    roleName: own.status().roleName,
    hasId: instanceId !== "",
    requests: imds.requests.length,
  });
}

await (cluster.isPrimary ? primary() : worker());
