import type { TestProject } from "vitest/node";
import { type GatewayAccess, startGateway } from "./ceph-gateway.js";
import { reasonToSkip } from "./ceph-packages.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The gateway that runs for all tests, or why there is none. */
    gateway: GatewayAccess | { readonly skipped: string };
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const skipped = reasonToSkip();
  if (skipped !== undefined) {
    process.stdout.write(`${skipped}\n`);
    provide("gateway", { skipped });
    return async () => {};
  }
  const { access, stop } = await startGateway();
  process.stdout.write(`Ceph's object gateway is up at ${access.endpoint}\n`);
  provide("gateway", access);
  return stop;
}
