import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import { noFileDescriptorError } from "../errors/messages.js";
import { systemCodeOf } from "../errors/system-code.js";

/**
 * Without free descriptors, lookups fail as if files did not exist: Node would take a package for missing from then
 * on, and the config file would count as empty.
 *
 * @throws InstanceMetadataError `IMDS_UNREACHABLE` when none is left now.
 */
export function requireFileDescriptor(): void {
  try {
    closeSync(openSync(devNull, "r"));
  } catch (cause) {
    if (["EMFILE", "ENFILE"].includes(systemCodeOf(cause) ?? "")) throw noFileDescriptorError(cause);
  }
}
