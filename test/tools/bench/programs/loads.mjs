// Time of a load in a process that has made many: everything is loaded and compiled.

import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { fromInstanceRole } from "ec2-role-credentials";
import { plainLoad, plainRefresh } from "./plain-load.mjs";

const [rounds, batch, warmups] = process.argv.slice(2).map(Number);

const sdk = fromInstanceMetadata();
const ours = fromInstanceRole({ shared: false });

const LOADS = {
  plain: plainLoad,
  plainRefresh,
  oursFirst: () => fromInstanceRole({ shared: false })(),
  oursRefresh: () => ours({ forceRefresh: true }),
  // It has no cache: each call is a refresh.
  sdkRefresh: sdk,
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
