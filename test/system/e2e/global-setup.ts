import type { TestProject } from "vitest/node";
import { type GatewayAccess, startGateway } from "./ceph-gateway.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The gateway that runs for all tests. */
    gateway: GatewayAccess;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { access, stop } = await startGateway();
  process.stdout.write(`Ceph's object gateway is up at ${access.endpoint}\n`);
  provide("gateway", access);
  return stop;
}
