import type { Logger } from "@smithy/types";

/** What one provider wants of the cache that it shares with others. */
export class Membership {
  readonly logger: Logger | undefined;
  /** Refreshing ahead; only what its calls ask for, once closed; nothing, once collected. */
  interest: "ahead" | "on demand" | "gone" = "ahead";

  constructor(logger: Logger | undefined) {
    this.logger = logger;
  }
}
