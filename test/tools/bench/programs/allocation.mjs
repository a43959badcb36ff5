// What warm calls leave for the garbage collector. Needs --expose-gc and a young generation that holds them all.

import { fromInstanceRole } from "ec2-role-credentials";

const [calls] = process.argv.slice(2).map(Number);
const provider = fromInstanceRole();
await provider();
const heap = () => process.memoryUsage().heapUsed;
const COUNTED = 200_000;

const callOften = () => {
  for (let i = 0; i < COUNTED; i++) void provider();
};
for (let i = 0; i < 3; i++) callOften();
globalThis.gc();
const before = heap();
callOften();
const bytesPerCall = (heap() - before) / COUNTED;

const ROUNDS = 5;
const growth = async () => {
  globalThis.gc();
  const before = heap();
  for (let i = 0; i < calls / ROUNDS; i++) await provider();
  globalThis.gc();
  return heap() - before;
};
// A leak shows in every round; what the engine keeps for its own code comes and goes.
let least = Infinity;
for (let round = 0; round < ROUNDS; round++) least = Math.min(least, await growth());
console.log(JSON.stringify({ bytesPerCall, growth: ROUNDS * least }));
process.exit();
