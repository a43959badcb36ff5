const KEY: unique symbol = Symbol.for("ec2-role-credentials.mock-listeners.1") as never;

/** The origins at which mocks of this process listen, and whose each is. */
type Listeners = Map<string, object>;

/** Under a `Symbol.for` key, so that the ESM and the CommonJS copy of the library know each other's. */
function liveListeners(): Listeners {
  const holder = globalThis as { [KEY]?: Listeners };
  holder[KEY] ??= new Map();
  return holder[KEY];
}

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
