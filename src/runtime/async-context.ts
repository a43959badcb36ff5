import { AsyncResource } from "node:async_hooks";

const root = new AsyncResource("ec2-role-credentials");
// Reported as ended from the start: it holds nothing, and whoever lists what a test has left open must not find it.
// A statement of its own, because Bun's `emitDestroy` does not return the resource.
root.emitDestroy();

/**
 * Runs work outside the caller's async context: what goes on behind the callers, or is kept for all of them, belongs to
 * none, and must not keep what one of them has in its `AsyncLocalStorage` alive.
 */
export const runOutsideAsyncContext = <T>(work: () => T): T => root.runInAsyncScope(work);
