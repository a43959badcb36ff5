import type { Logger } from "@smithy/types";

/** One provider that uses a cache, alone or with others. */
export interface Subscriber {
  readonly logger: Logger | undefined;
  /** Whether it wants background refreshes; false once it is closed. */
  readonly refreshesAhead: boolean;
}
