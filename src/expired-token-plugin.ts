import type {
  FinalizeRequestMiddleware,
  HandlerExecutionContext,
  MiddlewareStack,
  Pluggable,
  SelectedHttpAuthScheme,
} from "@smithy/types";
import type { InstanceRoleProvider } from "./from-instance-role.js";
import { HAS_ISSUED } from "./from-instance-role.js";

/** What services call credentials that they no longer accept. */
const REJECTIONS: ReadonlySet<unknown> = new Set(["ExpiredToken", "ExpiredTokenException", "InvalidToken"]);

/**
 * For SDK clients that should survive a key being rejected before its time:
 * `client.middlewareStack.use(expiredTokenPlugin(provider))`. On `ExpiredToken`, `ExpiredTokenException` or
 * `InvalidToken` it invalidates the key that was rejected and sends the call once more, newly signed, if the
 * refresh brought another key; otherwise the service's error goes to the caller. A call whose body is a stream
 * that was consumed is not sent again. Calls signed with somebody else's credentials are left alone.
 *
 * @param provider the one that `fromInstanceRole` returned and the client uses.
 * @throws TypeError when it is not such a provider.
 */
// biome-ignore lint/suspicious/noExplicitAny: the SDK's own type for a plugin that fits every client
export function expiredTokenPlugin(provider: InstanceRoleProvider): Pluggable<any, any> {
  const issued = (provider as { [HAS_ISSUED]?: (accessKeyId: string) => boolean } | undefined)?.[HAS_ISSUED];
  if (typeof provider !== "function" || typeof issued !== "function") {
    throw new TypeError("expiredTokenPlugin needs a provider that fromInstanceRole returned");
  }
  const resent = new WeakSet<HandlerExecutionContext>();
  const middleware: FinalizeRequestMiddleware<object, object> = (next, context) => async (args) => {
    const smithyContext = smithyContextOf(context);
    const scheme = smithyContext.selectedHttpAuthScheme;
    const signedWith = accessKeyIdOf(scheme);
    try {
      return await next(args);
    } catch (error) {
      if (!scheme || signedWith === undefined || resent.has(context)) throw error;
      if (!isRejection(error) || !issued.call(provider, signedWith) || !canSendAgain(args.request))
        throw error;
      resent.add(context);
      provider.invalidate(signedWith);
      const identity = await provider().catch(() => undefined);
      if (identity === undefined || identity.accessKeyId === signedWith) throw error;
      smithyContext.selectedHttpAuthScheme = { ...scheme, identity };
      return next(args);
    }
  };
  return {
    applyToStack: (stack: MiddlewareStack<object, object>) => {
      stack.addRelativeTo(middleware, {
        name: "ec2RoleExpiredTokenMiddleware",
        relation: "before",
        toMiddleware: "httpSigningMiddleware",
        override: true,
      });
    },
  };
}

/**
 * What the SDK signs with. It resolves the identity once, before its retry loop, and keeps it on the context,
 * where the signer reads it on every attempt: a new identity takes effect there.
 */
const smithyContextOf = (
  context: HandlerExecutionContext,
): { selectedHttpAuthScheme?: SelectedHttpAuthScheme } => context.__smithy_context ?? {};

function accessKeyIdOf(scheme: SelectedHttpAuthScheme | undefined): string | undefined {
  const identity: object | undefined = scheme?.identity;
  return identity && "accessKeyId" in identity && typeof identity.accessKeyId === "string"
    ? identity.accessKeyId
    : undefined;
}

const isRejection = (error: unknown): boolean => error instanceof Error && REJECTIONS.has(error.name);

/** A request without a body, or with one that is all in memory. */
function canSendAgain(request: unknown): boolean {
  const body =
    typeof request === "object" && request !== null && "body" in request ? request.body : undefined;
  return (
    body === undefined ||
    body === null ||
    typeof body === "string" ||
    ArrayBuffer.isView(body) ||
    body instanceof ArrayBuffer
  );
}
