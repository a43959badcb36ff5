import type { Logger } from "@smithy/types";

/** Logs one line. A logger that throws or rejects must not end the work that is logged. */
export function log(logger: Logger | undefined, level: "debug" | "info" | "warn", line: string): void {
  try {
    const result: unknown = logger?.[level](line);
    if (typeof result === "object" && result !== null) Promise.resolve(result).catch(() => {});
  } catch {
    // There is no other place to report it.
  }
}
