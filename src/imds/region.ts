import type { MetadataReader } from "./metadata-reader.js";
import { word } from "./word.js";

const MAX_BYTES = 64 * 1024;

/** The Region that the instance runs in. Read once for a reader, as an instance never moves; a failure is not kept. */
export function readRegion(reader: MetadataReader): Promise<string> {
  return reader.keep("region", () =>
    reader.read({
      step: "metadata",
      path: "/latest/meta-data/placement/region",
      maxBytes: MAX_BYTES,
      accept: word,
    }),
  );
}
