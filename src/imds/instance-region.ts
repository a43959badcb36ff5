import type { InstanceMetadataOptions } from "../config/options.js";
import { InstanceMetadataClient } from "./instance-metadata-client.js";

/**
 * The region that the instance runs in, for an SDK client's `region`. It is read on the first call and kept,
 * as an instance never moves; a failure is not kept.
 *
 * @throws TypeError or RangeError that names the option; the returned function rejects with an
 * `InstanceMetadataError` as `InstanceMetadataClient.region` does.
 */
export function instanceRegion(options: InstanceMetadataOptions = {}): () => Promise<string> {
  const client = new InstanceMetadataClient(options);
  return () => client.region();
}
