import { MAX_SECONDS } from "../../testing/service/checks.js";
import type { MockImdsOptions } from "../../testing/types.js";
import { durationMs } from "./duration.js";
import { UsageError } from "./usage.js";

export const DEFAULT_TTL_SECONDS = 21600;

/** `--ttl` and `--rotate-every`: each has to be valid, and new credentials have to come before the old ones expire. */
export function parseLifetime(ttl: string | undefined, rotateEvery: string | undefined): MockImdsOptions {
  const credentialsTtlSeconds = ttl === undefined ? undefined : ttlSeconds(ttl);
  const rotateEverySeconds = rotateEvery === undefined ? undefined : rotateSeconds(rotateEvery);
  const lifetime = credentialsTtlSeconds ?? DEFAULT_TTL_SECONDS;
  if (rotateEverySeconds !== undefined && rotateEverySeconds > lifetime) {
    const than = ttl === undefined ? "the 6 h that credentials live (--ttl)" : `--ttl ${ttl}`;
    throw new UsageError(
      `--rotate-every ${rotateEvery} is longer than ${than}: the credentials served would be expired in between`,
    );
  }
  return { credentialsTtlSeconds, rotateEverySeconds };
}

function ttlSeconds(text: string): number {
  const seconds = durationMs(text, "s") / 1000;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new UsageError(
    `--ttl must be a duration of whole seconds, such as 900, 90s, 15m or 6h, not ${JSON.stringify(text)}`,
  );
}

function rotateSeconds(text: string): number {
  const ms = durationMs(text, "s");
  if (ms >= 1 && ms / 1000 <= MAX_SECONDS) return ms / 1000;
  throw new UsageError(
    `--rotate-every must be a duration longer than 0, such as 60, 90s, 15m or 6h, not ${JSON.stringify(text)}`,
  );
}
