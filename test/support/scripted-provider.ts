import type { InstanceMetadataOptions, InstanceRoleOptions, InstanceRoleProvider } from "../../src/index.js";
import { fromInstanceRole, InstanceMetadataClient } from "../../src/index.js";
import type { ScriptedServer } from "./scripted-server.js";

/** Long enough for any good answer on a loaded machine. */
const PATIENT_MS = 20_000;

/** A provider with a cache of its own. */
export const providerAt = (
  { endpoint }: Pick<ScriptedServer, "endpoint">,
  options: InstanceRoleOptions = {},
): InstanceRoleProvider => fromInstanceRole({ endpoint, timeout: PATIENT_MS, shared: false, ...options });

export const clientAt = (
  { endpoint }: Pick<ScriptedServer, "endpoint">,
  options: InstanceMetadataOptions = {},
): InstanceMetadataClient =>
  new InstanceMetadataClient({ endpoint, timeout: PATIENT_MS, shared: false, ...options });
