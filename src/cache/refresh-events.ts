import { channel } from "node:diagnostics_channel";
import type { Logger } from "@smithy/types";
import type { InstanceMetadataErrorCode } from "../errors/instance-metadata-error.js";
import { wallClock } from "../runtime/clock.js";
import { log } from "../runtime/log.js";
import type { RefreshKind } from "./cache-state.js";

/** Name of the `node:diagnostics_channel` on which every refresh is published as a {@link RefreshEvent}. */
export const REFRESH_CHANNEL = "ec2-role-credentials:refresh";

/** One refresh, retries of its requests included. It never holds a secret. */
export interface RefreshEvent {
  /** What triggered the refresh. */
  readonly kind: RefreshKind;
  /**
   * `new` credentials, nothing better than the cached ones (`unchanged`), credentials that had already `expired`,
   * or no credentials (`failed`).
   */
  readonly outcome: "new" | "unchanged" | "expired" | "failed";
  /** Milliseconds from start to end, by the monotonic clock. */
  readonly durationMs: number;
  /** Requests sent, retries included. Only for an instance role. */
  readonly requests?: number;
  /** The label that `refreshAhead` was given. */
  readonly name?: string;
  /** The role, as soon as its name is known. Only for an instance role. */
  readonly roleName?: string;
  /** Expiration of the credentials that are cached after the refresh. */
  readonly expiration?: Date;
  /** Code of the error when the outcome is `failed` and the error is an `InstanceMetadataError`. */
  readonly code?: InstanceMetadataErrorCode;
}

const refreshes = channel(REFRESH_CHANNEL);

export function publish(event: RefreshEvent): void {
  if (refreshes.hasSubscribers) refreshes.publish(event);
}

interface Refreshed {
  /** The credentials' name in log lines. */
  readonly label: string;
  /** Why the refresh failed. */
  readonly reason: string | undefined;
  /** Whether credentials are cached after the refresh. */
  readonly isCached: boolean;
}

/** Logs refreshes: one warning an outage, one line when it ends, a debug line for each refresh. */
export class RefreshLog {
  readonly #loggers: () => Iterable<Logger | undefined>;
  #isOutageLogged = false;

  constructor(loggers: () => Iterable<Logger | undefined>) {
    this.#loggers = loggers;
  }

  record(event: RefreshEvent, { label, reason, isCached }: Refreshed): void {
    const { kind, outcome, requests, expiration } = event;
    const count = requests === undefined ? "" : ` (${requests} ${requests === 1 ? "request" : "requests"})`;
    const ending = reason === undefined ? outcome : `${outcome}: ${reason}`;
    this.#log("debug", `${kind} refresh for ${label}${count}: ${ending}`);
    // Without cached credentials there is no outage to be bridged: the callers get the error.
    if (!isCached) return;
    const until = expiration ? ` until ${expiration.toISOString()}` : "";
    const isFailure = outcome === "failed" || outcome === "expired";
    if (isFailure && !this.#isOutageLogged) {
      const isExpired = expiration !== undefined && expiration.getTime() <= wallClock();
      const cached = isExpired ? `expired credentials, valid${until}` : `cached credentials${until}`;
      const why = reason ?? "the source returned expired credentials";
      this.#log("warn", `credential refresh failed for ${label}; continuing with ${cached}: ${why}`);
    } else if (!isFailure && this.#isOutageLogged) {
      this.#log("info", `credential refresh for ${label} works again; credentials are valid${until}`);
    }
    this.#isOutageLogged = isFailure;
  }

  #log(level: "debug" | "info" | "warn", line: string): void {
    for (const logger of this.#loggers()) log(logger, level, `ec2-role-credentials: ${line}`);
  }
}
