import { globalStore } from "../../runtime/global-store.js";

/** The origins at which mocks of this process listen, and whose each is; those of both module formats. */
const liveListeners = (): Map<string, object> => globalStore("mock-listeners", () => new Map());

/** Registers a listener; the returned function removes it. */
export function remember(endpoint: string, mock: object): () => void {
  const { origin, port } = new URL(endpoint);
  const origins = /^http:\/\/(127\.|\[::1\])/.test(origin) ? [origin, `http://localhost:${port}`] : [origin];
  const listeners = liveListeners();
  for (const one of origins) listeners.set(one, mock);
  return () => {
    for (const one of origins) if (listeners.get(one) === mock) listeners.delete(one);
  };
}

/** Whether a mock other than this one listens there. */
export function isOthers({ origin }: URL, mock: object): boolean {
  const owner = liveListeners().get(origin);
  return owner !== undefined && owner !== mock;
}
