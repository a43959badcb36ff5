import { beforeAll } from "vitest";
import type { InstanceRoleOptions } from "../../../src/index.js";
import { BUILD_MS, hostileProject, type Launcher, MetadataServer, Service } from "./hostile-setup.js";
import type { NetworkNamespace } from "./network-namespace.js";
import { METADATA_ADDRESS, METADATA_ENDPOINT, type RoutedNetwork, routedNetwork } from "./routed-network.js";

export const SETTINGS = { timeout: 500, maxRetries: 1 } as const;

export interface NetworkWithMetadata extends RoutedNetwork {
  readonly server: MetadataServer;
  /** An application that runs there. */
  serviceIn(where: NetworkNamespace, options?: InstanceRoleOptions): Service;
}

/** For a test file. @returns a function that makes a network with a metadata server */
export function networksWithMetadata(): () => Promise<NetworkWithMetadata> {
  let project = "";
  beforeAll(async () => {
    project = await hostileProject();
  }, BUILD_MS);
  return async () => {
    const network = await routedNetwork();
    const { launcher } = network.metadata;
    const server = await MetadataServer.start(project, { host: METADATA_ADDRESS, port: 80 }, launcher);
    const start = (launcher: Launcher, options: InstanceRoleOptions) =>
      new Service(project, { endpoint: METADATA_ENDPOINT, ...SETTINGS, ...options }, launcher);
    return { ...network, server, serviceIn: ({ launcher }, options = {}) => start(launcher, options) };
  };
}
