/**
 * What this module uses of OpenTelemetry's context API. A key is the symbol that `createContextKey` returns.
 * @see https://open-telemetry.github.io/opentelemetry-js/interfaces/_opentelemetry_api.ContextManager.html
 */
interface Context {
  setValue(key: symbol, value: unknown): Context;
}

interface ContextManager {
  active(): Context;
  with<T>(context: Context, work: () => T): T;
}

/** Where every copy of `@opentelemetry/api` 1.x keeps what the application has registered. */
const API: unique symbol = Symbol.for("opentelemetry.js.api.1") as never;

/** The key that `suppressTracing` of `@opentelemetry/core` sets; tracers and propagators read it. */
const SUPPRESS_TRACING: symbol = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/**
 * Runs work with OpenTelemetry's tracing suppressed: HTTP requests that it sends make no spans and carry no trace
 * headers. Without OpenTelemetry in the process it only runs the work. Nothing is loaded for it.
 */
export function suppressTracing<T>(work: () => T): T {
  let hasStarted = false;
  const start = () => {
    hasStarted = true;
    return work();
  };
  try {
    const { context } = (globalThis as { [API]?: { context?: ContextManager } | null })[API] ?? {};
    if (context) return context.with(context.active().setValue(SUPPRESS_TRACING, true), start);
  } catch (error) {
    // A context manager that fails must not cost a request; an error of the work itself is the caller's.
    if (hasStarted) throw error;
  }
  return work();
}
