// Bytes of a provider, alone and beside others with equal settings, and of a warm call. Needs --expose-gc.

import { fromInstanceRole } from "ec2-role-credentials";

const settle = async () => {
  for (let i = 0; i < 6; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return process.memoryUsage().heapUsed;
};

const [kind] = process.argv.slice(2);
const LONE = 200;
const ALIKE = 10_000;

/** Makes providers, calls each, and gives the bytes that each of them keeps. */
async function bytesEach(amount, options) {
  const providers = new Array(amount).fill(undefined);
  const before = await settle();
  for (let i = 0; i < amount; i++) providers[i] = fromInstanceRole(options);
  await Promise.all(providers.map((provider) => provider()));
  const after = await settle();
  return { bytes: (after - before) / amount, providers };
}

const MEASUREMENTS = {
  async lone() {
    await bytesEach(LONE, { shared: false });
    return (await bytesEach(LONE, { shared: false })).bytes;
  },
  async alike() {
    // What the code itself needs, when it is first run and when it is compiled, is no provider's.
    const first = await bytesEach(LONE);
    const { bytes, providers } = await bytesEach(ALIKE);
    providers.push(...first.providers);
    if (providers.some((provider) => typeof provider !== "function"))
      throw new Error("a provider is missing");
    return bytes;
  },
};

console.log(JSON.stringify(await MEASUREMENTS[kind]()));
process.exit();
