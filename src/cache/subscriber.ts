import type { Logger } from "@smithy/types";

/** Refreshing ahead; only what its calls ask for, once closed; nothing, once collected. */
export type Interest = "ahead" | "on demand" | "gone";

/** What one provider wants of the cache that it shares with others. */
export interface Membership {
  readonly logger: Logger | undefined;
  readonly interest: Interest;
}
