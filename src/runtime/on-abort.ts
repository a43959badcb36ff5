interface Listener {
  readonly callbacks: Set<() => void>;
  readonly callAll: () => void;
}

const listeners = new WeakMap<AbortSignal, Listener>();

function listenTo(signal: AbortSignal): Listener {
  const callbacks = new Set<() => void>();
  const callAll = () => {
    for (const callback of [...callbacks]) callback();
  };
  const listener = { callbacks, callAll };
  listeners.set(signal, listener);
  signal.addEventListener("abort", callAll, { once: true });
  return listener;
}

/**
 * Calls back when the signal is aborted; the returned function takes the callback away. Node sees one listener of a
 * signal, however many callbacks there are: with more than ten it would print a warning.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, callAll } = listeners.get(signal) ?? listenTo(signal);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0) return;
    signal.removeEventListener("abort", callAll);
    listeners.delete(signal);
  };
}
