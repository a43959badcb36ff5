import type { Logger } from "@smithy/types";

/** Says one line. A logger that throws must not end what it was told about. */
export function tell(logger: Logger | undefined, level: "debug" | "info" | "warn", line: string): void {
  try {
    logger?.[level](line);
  } catch {
    // Nowhere left to tell it.
  }
}
