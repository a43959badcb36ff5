import type { Logger } from "@smithy/types";
import { globalStore } from "../runtime/global-store.js";
import { log } from "../runtime/log.js";
import type { RefreshingProvider } from "./cache-handle.js";
import { isRejection, mayBeRejection } from "./expired-token-plugin-rejection.js";
import type { SentRequest } from "./expired-token-plugin-request.js";
import {
  canBeSentAgain,
  isObject,
  noteResponse,
  noteSigner,
  sentRequestOf,
  signingKeyOf,
} from "./expired-token-plugin-request.js";
import { abortable, signsWithAnotherKey } from "./expired-token-plugin-signing.js";
import type { Context, Middleware } from "./expired-token-plugin-stack.js";
import { addTo } from "./expired-token-plugin-stack.js";
import { EXPIRATION_OF_ISSUED, LOGGER } from "./plugin-protocol.js";

/** What the plugins of both module formats' copies must agree on when they meet on one client. */
interface Common {
  /** Requests that were sent again. A call's request is the same object in all attempts of the SDK's own. */
  readonly resent: WeakSet<object>;
  /** Rejections that a plugin has dealt with: the next one around it leaves them alone. */
  readonly handled: WeakSet<object>;
  /** How many there are: each needs a name of its own, or it takes another one's place. */
  plugins: number;
}

const common = (): Common =>
  globalStore("expired-token-plugins", () => ({
    resent: new WeakSet(),
    handled: new WeakSet(),
    plugins: 0,
  }));

/** A provider of any copy of this library. */
interface PluginProvider extends RefreshingProvider {
  [EXPIRATION_OF_ISSUED](accessKeyId: string): Promise<number | undefined>;
  [LOGGER](): Logger | undefined;
}

/** For the `middlewareStack` of any SDK client: the SDK's own type of a plugin differs from version to version. */
export interface ExpiredTokenPlugin {
  /** Called by the client's `middlewareStack.use`. */
  readonly applyToStack: (stack: object) => void;
}

/**
 * Lets the calls of an SDK client survive credentials that a service rejects before their time:
 * `client.middlewareStack.use(expiredTokenPlugin(provider))`. It invalidates the rejected credentials, refreshes, and
 * sends the call once more, newly signed, if the refresh brought another key; otherwise the service's error goes to
 * the caller. A call whose body is a stream is not sent again, and calls that were not signed with credentials of
 * this provider are left alone. Works with every version of the SDK v3.
 *
 * Rejections are the error codes `ExpiredToken`, `ExpiredTokenException`, `InvalidToken` and `TokenRefreshRequired`,
 * unless the operation itself defines them for a token of its own; and `RequestExpired`, and a `HEAD` answered 400 or
 * 403, if the credentials have expired by the response's `Date` header or by this machine's clock.
 *
 * @param provider the one that the client uses, by itself or within a chain
 * @throws TypeError when the provider is not one of this library
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export function expiredTokenPlugin(provider: RefreshingProvider): ExpiredTokenPlugin {
  if (!isOfThisLibrary(provider))
    throw new TypeError(
      "expiredTokenPlugin needs a provider that fromInstanceRole or refreshAhead of the same release of this library returned",
    );
  const name = `ec2RoleExpiredTokenMiddleware${++common().plugins}`;
  const middlewares = { resend: resendWith(provider), noteSigner, noteResponse };
  let hasTold = false;
  return {
    applyToStack: (stack) => {
      if (addTo(stack, name, middlewares) || hasTold) return;
      hasTold = true;
      log(provider[LOGGER](), "warn", UNKNOWN_STACK);
    },
  };
}

const UNKNOWN_STACK =
  "expiredTokenPlugin does nothing for a client that has no retryMiddleware: it is not a client of the AWS SDK for JavaScript v3";

const isOfThisLibrary = (provider: unknown): provider is PluginProvider =>
  typeof provider === "function" && EXPIRATION_OF_ISSUED in provider;

/** Sends a call whose credentials were rejected once more. */
const resendWith =
  (provider: PluginProvider): Middleware =>
  (next, context) =>
  async (args) => {
    const { request } = args;
    // Already signed: after the signer, it could not be signed again.
    if (!isObject(request) || signingKeyOf(request) !== undefined) return next(args);
    for (;;) {
      try {
        return await next(args);
      } catch (error) {
        const failure = possibleRejection(error, request);
        if (failure === undefined) throw error;
        const renewed = renew(provider, context, failure).catch(() => false);
        if (!(await abortable(renewed, context.__smithy_context?.abortSignal))) throw error;
      }
    }
  };

interface Failure {
  readonly error: object;
  readonly sent: SentRequest;
  /** As it is before it is signed: one object in all attempts of the SDK's own. */
  readonly request: object;
}

function possibleRejection(error: unknown, request: object): Failure | undefined {
  const sent = sentRequestOf(error);
  if (!isObject(error) || sent === undefined || common().handled.has(error)) return undefined;
  return mayBeRejection(error, sent) ? { error, sent, request } : undefined;
}

/** Invalidates rejected credentials. True if others have come, so that the request is to be sent again. */
async function renew(provider: PluginProvider, context: Context, { error, sent, request }: Failure) {
  const { accessKeyId } = sent;
  const expiresAt = await provider[EXPIRATION_OF_ISSUED](accessKeyId);
  if (expiresAt === undefined || !isRejection(error, sent, expiresAt)) return false;
  const { handled, resent } = common();
  handled.add(error);
  provider.invalidate(accessKeyId);
  if (resent.has(request) || !canBeSentAgain(request)) return false;
  const isRenewed = await signsWithAnotherKey(provider, context, accessKeyId);
  if (isRenewed) resent.add(request);
  return isRenewed;
}
