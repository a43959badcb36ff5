import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { systemCodeOf } from "../errors/system-code.js";

/**
 * Whoever finds a file missing while no descriptor is left must not believe it: Node would take a package for
 * missing from then on, and the SDK's loader a config file for empty.
 *
 * @throws InstanceMetadataError `IMDS_UNREACHABLE` when none is left now.
 */
export function requireFileDescriptor(): void {
  try {
    closeSync(openSync(devNull, "r"));
  } catch (cause) {
    if (!["EMFILE", "ENFILE"].includes(systemCodeOf(cause) ?? "")) return;
    throw new InstanceMetadataError(
      "This process has no file descriptor left to reach the metadata service with. Find out what keeps files or connections open.",
      { code: "IMDS_UNREACHABLE", step: "token", cause },
    );
  }
}
