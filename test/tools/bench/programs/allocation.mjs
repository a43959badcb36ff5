// What warm calls leave for the garbage collector. Needs --expose-gc and a young generation that holds them all.

import { fromInstanceRole } from "ec2-role-credentials";

const [calls] = process.argv.slice(2).map(Number);
const provider = fromInstanceRole();
await provider();
const constant = await provider();
const until = constant.expiration.getTime();
const limit = async () => {
  if (Date.now() < until) return constant;
  throw new Error("expired");
};

const heap = () => process.memoryUsage().heapUsed;
const COUNTED = 200_000;

const callOnly = (call) => {
  for (let i = 0; i < COUNTED; i++) call();
};
const awaited = async (call) => {
  for (let i = 0; i < COUNTED; i++) await call();
};
async function bytesPerCall(loop, call) {
  for (let i = 0; i < 3; i++) await loop(call);
  globalThis.gc();
  const before = heap();
  await loop(call);
  return (heap() - before) / COUNTED;
}

const clock = () => Date.now();

const perCall = {
  clock: await bytesPerCall(callOnly, clock),
  call: await bytesPerCall(callOnly, provider),
  limitCall: await bytesPerCall(callOnly, limit),
  awaited: await bytesPerCall(awaited, provider),
  limitAwaited: await bytesPerCall(awaited, limit),
};

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
console.log(JSON.stringify({ perCall, calls, growth: ROUNDS * least }));
process.exit();
