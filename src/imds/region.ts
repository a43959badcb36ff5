import { metadataMissing } from "../errors/messages.js";
import { malformed } from "../errors/request-failure.js";
import { parseJsonObject } from "./json-object.js";
import { IDENTITY_DOCUMENT_PATH, REGION_PATH } from "./metadata-paths.js";
import type { MetadataReader } from "./metadata-reader.js";
import { parseWord } from "./word.js";

/** The Region that the instance runs in. Read once for a reader, as an instance never moves; a failure is not kept. */
export const readRegion = (reader: MetadataReader): Promise<string> =>
  reader.keep("region", () => reader.withConnections(() => regionOf(reader)));

/** Some services, such as aws-vault's, have the identity document only. */
async function regionOf(reader: MetadataReader): Promise<string> {
  const region = await reader.readIfPresent({
    step: "metadata",
    path: REGION_PATH,
    accept: ({ text }) => parseWord(text),
  });
  if (region.outcome === "found") return region.value;
  const document = await reader.readIfPresent({
    step: "metadata",
    path: IDENTITY_DOCUMENT_PATH,
    accept: ({ text }) => regionIn(parseJsonObject(text)),
  });
  if (document.outcome === "found") return document.value;
  throw metadataMissing([REGION_PATH, IDENTITY_DOCUMENT_PATH], {
    step: "metadata",
    path: REGION_PATH,
    attempts: region.attempts,
    endpoint: reader.settings.endpoint,
  });
}

function regionIn({ region }: Readonly<Record<string, unknown>>): string {
  if (typeof region !== "string") throw malformed("its field region is missing or not a string");
  return parseWord(region);
}
