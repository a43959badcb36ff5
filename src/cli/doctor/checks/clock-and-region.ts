import type { InstanceMetadataError } from "../../../errors/instance-metadata-error.js";
import { wallClock } from "../../../runtime/clock.js";
import type { Finding } from "../findings.js";
import { asError } from "../findings.js";
import type { MetadataProbe } from "../metadata-probe.js";

const LISTING = "/latest/meta-data/";
const REGION = `${LISTING}placement/region`;

/** Why a path could not be read. The message of a 404 is meant for somebody who chose the path. */
const reason = (path: string, { code, message }: InstanceMetadataError): string =>
  code === "NOT_FOUND" ? `the service has no ${path} (status 404).` : message;

export async function clockFinding(probe: MetadataProbe): Promise<Finding> {
  const check = "clock";
  try {
    const { headers } = await probe.read(LISTING);
    const theirs = Date.parse(headers.date ?? "");
    if (Number.isNaN(theirs))
      return { check, verdict: "note", says: "The metadata service does not tell its time." };
    // The header is cut to the second, so half of one is missing on average.
    return compared(Math.round((wallClock() - theirs - 500) / 1000));
  } catch (thrown) {
    const says = `The metadata service's time could not be read: ${reason(LISTING, asError(thrown))}`;
    return { check, verdict: "note", says };
  }
}

function compared(secondsAhead: number): Finding {
  const check = "clock";
  const off = Math.abs(secondsAhead);
  if (off <= 1)
    return { check, verdict: "ok", says: "This machine's clock agrees with the metadata service's." };
  const says = `This machine's clock is ${off} s ${secondsAhead > 0 ? "ahead of" : "behind"} the metadata service's.`;
  const cure = "Set the clock by NTP; EC2 has a time service at 169.254.169.123.";
  if (off <= 30) return { check, verdict: "ok", says };
  if (off <= 300) return { check, verdict: "warning", says, cure };
  const consequence = "Most AWS services refuse requests that are signed more than 5 minutes off (S3: 15).";
  return { check, verdict: "broken", says: `${says} ${consequence}`, cure };
}

export async function regionFinding(probe: MetadataProbe): Promise<Finding> {
  const check = "region";
  const cure = "Name the region in the client's options or in AWS_REGION.";
  try {
    const region = (await probe.read(REGION)).body.trim();
    if (/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region))
      return { check, verdict: "ok", says: `The instance runs in ${region}.` };
    const says = "What the service gives as the region does not look like one.";
    return { check, verdict: "warning", says, cure, code: "INVALID_RESPONSE" };
  } catch (thrown) {
    const error = asError(thrown);
    const says = `The region could not be read: ${reason(REGION, error)}`;
    return { check, verdict: "warning", says, cure, code: error.code };
  }
}
