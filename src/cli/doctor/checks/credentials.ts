import { advisoryWindow, mandatoryWindow } from "../../../cache/refresh-policy.js";
import type { RoleSettings } from "../../../config/settings.js";
import { replaceProfile, type Target } from "../aws-commands.js";
import { type Finding, fail, note, ok, warning } from "../findings.js";

const CHECK = "credentials";
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The machine's clock, and how far it is ahead of the metadata service's, as far as that is known. */
export interface Clock {
  readonly now: number;
  readonly aheadMs: number | undefined;
}

export function checkCredentials(
  expiresAt: number,
  { now, aheadMs = 0 }: Clock,
  settings: RoleSettings,
  target: Target,
): Finding {
  const left = expiresAt - now;
  const until = `${new Date(expiresAt).toISOString().slice(0, 19)}Z`;
  if (left <= 0 && left + aheadMs > 0)
    return note(
      CHECK,
      `They are valid until ${until}. By this machine's clock, which is ahead, they have expired.`,
    );
  if (left <= 0)
    return fail(
      CHECK,
      `The role's credentials expired at ${until} and were not replaced.`,
      replaceProfile("Attach the instance profile again", target),
    );
  const window = advisoryWindow(left, settings.advisoryWindowMs);
  if (left <= mandatoryWindow(window))
    return warning(
      CHECK,
      `They are valid for ${duration(left)} only, until ${until}. Callers may have to wait for new ones.`,
      "EC2 replaces credentials at least 5 minutes before they expire. Run the doctor again in a minute.",
    );
  const delay = Math.min(left - window, settings.maxAgeMs);
  const next = delay <= 0 ? "now" : `at ${new Date(now + delay).toISOString().slice(11, 16)} UTC`;
  return ok(CHECK, `Valid for ${duration(left)}, until ${until}; the next refresh is due ${next}.`);
}

function duration(ms: number): string {
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)} s`;
  const minutes = Math.floor(ms / MINUTE);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
