// Time of a load in a process that has made many: everything is loaded and compiled.

import { Agent } from "node:http";
import { text } from "node:stream/consumers";
import { MetadataService } from "@aws-sdk/ec2-metadata-service";
import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { fromInstanceRole } from "ec2-role-credentials";
import { fromInstanceRole as fromInstanceRoleWithoutSdk } from "ec2-role-credentials-plain";
import { plainLoad, plainReload } from "./plain-load.mjs";

const [rounds, batch, warmups] = process.argv.slice(2).map(Number);
const { hostname, port } = new URL(process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT);
const LIST = "/latest/meta-data/iam/security-credentials/";

async function bareHandler() {
  const agent = new Agent({ keepAlive: true });
  const handler = new NodeHttpHandler({ httpAgent: agent });
  const ask = async (method, path, headers) => {
    const request = { method, path, headers, protocol: "http:", hostname, port: Number(port), query: {} };
    const { response } = await handler.handle(request);
    return text(response.body);
  };
  const token = await ask("PUT", "/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": "21600" });
  const headers = { "x-aws-ec2-metadata-token": token };
  const role = await ask("GET", LIST, headers);
  JSON.parse(await ask("GET", LIST + role.trim(), headers));
  agent.destroy();
}

async function metadataService() {
  const service = new MetadataService({});
  const role = await service.request(LIST, {});
  JSON.parse(await service.request(LIST + role.trim(), {}));
}

const smithy = fromInstanceMetadata();
const ours = fromInstanceRole({ shared: false });
const withoutSdk = fromInstanceRoleWithoutSdk({ shared: false });

const LOADS = {
  plain: plainLoad,
  plainReload,
  bareHandler,
  oursFirst: () => fromInstanceRole({ shared: false })(),
  oursReload: () => ours({ forceRefresh: true }),
  withoutSdkFirst: () => fromInstanceRoleWithoutSdk({ shared: false })(),
  withoutSdkReload: () => withoutSdk({ forceRefresh: true }),
  smithyFirst: () => fromInstanceMetadata()(),
  smithyReload: smithy,
  metadataService,
};

const loads = Object.entries(LOADS);
for (let i = 0; i < warmups; i++) for (const [, load] of loads) await load();

const samples = Object.fromEntries(loads.map(([name]) => [name, []]));
for (let round = 0; round < rounds; round++) {
  const turn = round % loads.length;
  for (const [name, load] of [...loads.slice(turn), ...loads.slice(0, turn)]) {
    const began = performance.now();
    for (let i = 0; i < batch; i++) await load();
    samples[name].push((performance.now() - began) / batch);
  }
}
console.log(JSON.stringify(samples));
process.exit();
