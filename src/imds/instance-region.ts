import type { InstanceMetadataOptions } from "../config/options.js";
import { InstanceMetadataError, traceToCaller } from "../errors/instance-metadata-error.js";
import { regionNotFound } from "../errors/messages.js";
import { InstanceMetadataClient } from "./instance-metadata-client.js";

/**
 * The Region that the instance runs in, for the `region` of an SDK client. It is read on the first call and kept, once for
 * all clients of the process with equal settings; a failure is not kept. Off EC2, give the client a Region instead:
 * `region: process.env.AWS_REGION ?? instanceRegion()`.
 *
 * @throws TypeError or RangeError that names the option. The returned function rejects with an `InstanceMetadataError`
 * with the codes of `InstanceMetadataClient.region`.
 */
export function instanceRegion(options: InstanceMetadataOptions = {}): () => Promise<string> {
  const client = new InstanceMetadataClient(options);
  return async () => {
    try {
      return await client.region();
    } catch (error) {
      const shown = error instanceof InstanceMetadataError ? regionNotFound(error) : error;
      traceToCaller(shown);
      throw shown;
    }
  };
}
