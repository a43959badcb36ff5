import { AsyncResource } from "node:async_hooks";

const root = new AsyncResource("ec2-role-credentials");
// Marked as destroyed at once, so that tools that list open handles do not report it. On a line of its own, because
// Bun's `emitDestroy` does not return the resource.
root.emitDestroy();

/**
 * Runs work outside the caller's async context: background work and shared results belong to no caller, and must not keep
 * alive what a caller has in its `AsyncLocalStorage`.
 */
export const runOutsideAsyncContext = <T>(work: () => T): T => root.runInAsyncScope(work);
