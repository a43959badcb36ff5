import type { Logger } from "@smithy/types";

/** Says one line. A logger that throws, or rejects, must not end what it was told about. */
export function log(logger: Logger | undefined, level: "debug" | "info" | "warn", line: string): void {
  try {
    const told: unknown = logger?.[level](line);
    if (typeof told === "object" && told !== null) Promise.resolve(told).catch(() => {});
  } catch {
    // Nowhere left to tell it.
  }
}
