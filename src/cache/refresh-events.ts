import { channel } from "node:diagnostics_channel";
import type { Logger } from "@smithy/types";
import type { InstanceMetadataErrorCode } from "../errors/instance-metadata-error.js";
import { log } from "../runtime/log.js";

/** The `node:diagnostics_channel` on which every look for credentials is published as a {@link RefreshEvent}. */
export const REFRESH_CHANNEL = "ec2-role-credentials:refresh";

/** Why somebody looked; `docs/refreshing.md` tells of the states. */
export type RefreshKind = "initial" | "advisory" | "age" | "mandatory" | "forced";

/** One look for credentials, retries included. It never holds a secret. */
export interface RefreshEvent {
  /** Why somebody looked. */
  readonly kind: RefreshKind;
  /**
   * A `new` set, nothing better than the one at hand (`unchanged`), one that had `expired` already, or none (`failed`).
   */
  readonly outcome: "new" | "unchanged" | "expired" | "failed";
  /** Milliseconds from start to end, by the monotonic clock. */
  readonly durationMs: number;
  /** Requests sent, retries included. */
  readonly requests: number;
  /** The role, once its name is known. */
  readonly roleName?: string;
  /** Of the set that is held after the look. */
  readonly expiration?: Date;
  /** Of the error, when the outcome is `failed`. */
  readonly code?: InstanceMetadataErrorCode;
}

const refreshes = channel(REFRESH_CHANNEL);

export function publish(event: RefreshEvent): void {
  if (refreshes.hasSubscribers) refreshes.publish(event);
}

/** Tells loggers about looks: one warning an outage, one line when it ends, debug for the rest. */
export class RefreshLog {
  readonly #loggers: () => Iterable<Logger | undefined>;
  #outage: "none" | "told" = "none";

  constructor(loggers: () => Iterable<Logger | undefined>) {
    this.#loggers = loggers;
  }

  /** One look is over. `error` is set when it failed; an outage needs a set at hand that is served meanwhile. */
  record(event: RefreshEvent, error: Error | undefined): void {
    const { kind, outcome, requests, roleName, expiration } = event;
    const role = roleName === undefined ? "the instance role" : `the role ${roleName}`;
    const until = expiration?.toISOString();
    const how = error === undefined ? outcome : `${outcome}, ${error.message}`;
    this.#tell("debug", `ec2-role-credentials: ${kind} refresh for ${role}, ${requests} requests: ${how}`);
    if (until === undefined) return;
    const inTrouble = outcome === "failed" || outcome === "expired";
    if (inTrouble && this.#outage === "none") {
      this.#outage = "told";
      const why = error === undefined ? "the metadata service only has expired ones" : error.message;
      this.#tell(
        "warn",
        `ec2-role-credentials: no new credentials for ${role}, those until ${until} stay in use: ${why}`,
      );
    } else if (!inTrouble && this.#outage === "told") {
      this.#outage = "none";
      this.#tell("info", `ec2-role-credentials: credentials for ${role} are refreshed again, until ${until}`);
    }
  }

  #tell(level: "debug" | "info" | "warn", line: string): void {
    for (const logger of this.#loggers()) log(logger, level, line);
  }
}
