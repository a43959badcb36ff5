import type { InstanceMetadataError } from "../../../errors/instance-metadata-error.js";
import { type Finding, fail, note, ok, warning } from "../findings.js";

const CHECK = "clock";

/** How far a clock is ahead of the time in a response's `Date` header, which has no fractions of a second. */
export function aheadOf(date: string | undefined, now: number): number | undefined {
  const theirs = Date.parse(date ?? "");
  return Number.isNaN(theirs) ? undefined : now - theirs - 500;
}

/** The listing of metadata, whose response has the time, could not be read. */
export const clockUnknown = (error: InstanceMetadataError): Finding =>
  note(CHECK, `Cannot be checked: ${error.message}`);

/** By the metadata service's time, because signatures depend on it. */
export function checkClock(aheadMs: number | undefined): Finding {
  if (aheadMs === undefined)
    return note(CHECK, "Cannot be checked: the metadata service's response has no valid Date header.");
  const seconds = Math.round(aheadMs / 1000);
  const off = Math.abs(seconds);
  if (off <= 1) return ok(CHECK, "This machine's clock agrees with the metadata service's.");
  const message = `This machine's clock is ${off} s ${seconds > 0 ? "ahead of" : "behind"} the metadata service's.`;
  const fix = "Synchronize the clock with NTP. EC2's time service is at 169.254.169.123.";
  if (off <= 30) return ok(CHECK, message);
  if (off <= 300) return warning(CHECK, message, fix);
  return fail(
    CHECK,
    `${message} AWS services reject requests whose time is more than 5 minutes off (S3: 15).`,
    fix,
  );
}
