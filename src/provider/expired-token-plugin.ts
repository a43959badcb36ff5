import type {
  FinalizeHandler,
  FinalizeRequestMiddleware,
  HandlerExecutionContext,
  MiddlewareStack,
  Pluggable,
} from "@smithy/types";
import type { InstanceRoleProvider } from "./from-instance-role.js";
import { ALREADY_REFRESHED, HAS_ISSUED } from "./plugin-protocol.js";

/** What services call credentials that they no longer accept. */
const REJECTIONS: ReadonlySet<unknown> = new Set(["ExpiredToken", "ExpiredTokenException", "InvalidToken"]);

/** What the plugins of both module formats' copies must agree on when they meet on one client. */
interface Common {
  /** Requests that were sent once more; a call's request is the same object in all attempts of the SDK's own. */
  readonly resent: WeakSet<object>;
  /** How many there are: each needs a name of its own, or it takes another one's place. */
  plugins: number;
}

const COMMON: unique symbol = Symbol.for("ec2-role-credentials.expired-token-plugins.1") as never;

const common = (): Common => {
  const holder = globalThis as { [COMMON]?: Common };
  holder[COMMON] ??= { resent: new WeakSet(), plugins: 0 };
  return holder[COMMON];
};

/** The key that a request was signed with, by what sending it ended in. */
const keyByError = new WeakMap<object, string>();

/**
 * For SDK clients that should survive a key being rejected before its time:
 * `client.middlewareStack.use(expiredTokenPlugin(provider))`. On `ExpiredToken`, `ExpiredTokenException` or
 * `InvalidToken` it invalidates the key that was rejected and sends the call once more, newly signed, if the
 * refresh brought another key; otherwise the service's error goes to the caller. A call whose body is a stream
 * that was consumed is not sent again. Calls signed with somebody else's credentials are left alone.
 *
 * @param provider the one that `fromInstanceRole` returned and the client uses, by itself or within a chain. A client
 * that was given a set of credentials in the place of a provider cannot sign with another one.
 * @throws TypeError when it is not such a provider.
 */
// biome-ignore lint/suspicious/noExplicitAny: the SDK's own type for a plugin that fits every client
export function expiredTokenPlugin(provider: InstanceRoleProvider): Pluggable<any, any> {
  const issued = (provider as { [HAS_ISSUED]?: (accessKeyId: string) => Promise<boolean> } | undefined)?.[
    HAS_ISSUED
  ];
  if (typeof provider !== "function" || typeof issued !== "function") {
    throw new TypeError("expiredTokenPlugin needs a provider that fromInstanceRole returned");
  }

  /** The provider's key that an error says was rejected; it is invalidated. */
  const rejectedBy = async (error: unknown): Promise<string | undefined> => {
    const key = isObject(error) && REJECTIONS.has(error.name) ? keyByError.get(error) : undefined;
    if (key === undefined || !(await issued.call(provider, key))) return undefined;
    provider.invalidate(key);
    return key;
  };

  const sendAgain: FinalizeRequestMiddleware<object, object> = (next, context) => async (args) => {
    try {
      return await next(args);
    } catch (error) {
      const rejected = await rejectedBy(error);
      const { request } = args;
      const { resent } = common();
      if (rejected === undefined || !isObject(request) || resent.has(request) || !canSendAgain(request))
        throw error;
      resent.add(request);
      if (!(await signsWithAnotherKey(provider, context, rejected).catch(() => false))) throw error;
      return next(args).catch(async (again: unknown) => {
        await rejectedBy(again);
        throw again;
      });
    }
  };

  const name = `ec2RoleExpiredTokenMiddleware${++common().plugins}`;
  return {
    applyToStack: (stack: MiddlewareStack<object, object>) => {
      const place = { toMiddleware: "httpSigningMiddleware", override: true } as const;
      stack.addRelativeTo(sendAgain, { ...place, name, relation: "before" });
      stack.addRelativeTo(noteKey, { ...place, name: `${name}Key`, relation: "after" });
    },
  };
}

interface SignedRequest {
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Behind the signer: what a request that failed was really signed with. */
const noteKey: FinalizeRequestMiddleware<object, object> =
  (next: FinalizeHandler<object, object>) =>
  async (args: Parameters<typeof next>[0]): ReturnType<typeof next> => {
    try {
      return await next(args);
    } catch (error) {
      const { headers } = (args.request ?? {}) as SignedRequest;
      const key = /Credential=([^/]+)\//.exec(headers?.authorization ?? headers?.Authorization ?? "")?.[1];
      if (isObject(error) && key !== undefined) keyByError.set(error, key);
      throw error;
    }
  };

/**
 * Refreshes, and sees to it that the client signs with what came. The SDK resolves an identity once, before its retry
 * loop, and keeps it on the context; but its own signer asks the client's `credentials` anew on every attempt, and a
 * provider that is not `memoized`, such as a chain, is kept by the client until it is told to look again.
 */
async function signsWithAnotherKey(
  provider: InstanceRoleProvider,
  context: HandlerExecutionContext,
  rejected: string,
): Promise<boolean> {
  const identity = await provider();
  if (identity.accessKeyId === rejected) return false;
  const smithyContext: SmithyContext = context.__smithy_context ?? {};
  const scheme = smithyContext.selectedHttpAuthScheme;
  if (scheme) smithyContext.selectedHttpAuthScheme = { ...scheme, identity };
  const credentials = scheme?.httpAuthOption?.signingProperties?.config?.credentials;
  if (typeof credentials !== "function") return true;
  if ((await credentials()).accessKeyId !== rejected) return true;
  const throughCaches = { forceRefresh: true, [ALREADY_REFRESHED]: true };
  return (await credentials(throughCaches)).accessKeyId !== rejected;
}

interface SmithyContext {
  selectedHttpAuthScheme?: {
    readonly identity?: object;
    readonly httpAuthOption?: {
      readonly signingProperties?: { readonly config?: { readonly credentials?: InstanceRoleProvider } };
    };
  };
}

const isObject = (value: unknown): value is { readonly name?: unknown } =>
  typeof value === "object" && value !== null;

/** A request without a body, or with one that is all in memory. */
function canSendAgain(request: object): boolean {
  const body = "body" in request ? request.body : undefined;
  return (
    body === undefined ||
    body === null ||
    typeof body === "string" ||
    ArrayBuffer.isView(body) ||
    body instanceof ArrayBuffer
  );
}
