/** A time as metadata shows it: RFC 3339, UTC, whole seconds. */
export const wholeSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
