/**
 * Run with a low limit of file descriptors: starts providers while from none to some are left, and again when all are
 * free. Prints, for each, the code it failed with or the role that the config file named.
 */
import { closeSync, openSync } from "node:fs";
import { fromInstanceRole, InstanceMetadataError } from "../../../src/index.js";

const outcome = async (provider: ReturnType<typeof fromInstanceRole>): Promise<unknown> => {
  try {
    await provider();
    return provider.status().roleName;
  } catch (error) {
    return error instanceof InstanceMetadataError ? error.code : String(error);
  }
};

function takeAll(): number[] {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync("/dev/null", "r"));
    } catch {
      return taken;
    }
  }
}

const short: unknown[][] = [];
const providers: ReturnType<typeof fromInstanceRole>[] = [];
for (let left = 0; left < 8; left++) {
  const taken = takeAll();
  for (const descriptor of taken.splice(0, left)) closeSync(descriptor);
  const started = Array.from({ length: 3 }, () => fromInstanceRole({ shared: false }));
  short.push(await Promise.all(started.map(outcome)));
  for (const descriptor of taken) closeSync(descriptor);
  providers.push(...started);
}
const afterwards: unknown[] = [];
for (const provider of providers) afterwards.push(await outcome(provider));
console.log(JSON.stringify({ short, afterwards }));
