import type { AwsCredentialIdentity } from "@aws-sdk/types";
import type { RefreshingProvider } from "./cache-handle.js";
import type { Context } from "./expired-token-plugin-stack.js";
import { ALREADY_REFRESHED } from "./plugin-protocol.js";

type CredentialsFunction = (properties?: object) => Promise<AwsCredentialIdentity>;

/**
 * Refreshes, and sees to it that the client signs with what came. Whether it will is known from 3.624 on only: in
 * earlier versions nothing leads from a call to the client's credentials.
 *
 * A client before 3.775, and any client whose provider is not `memoized`, such as a chain, keeps credentials until
 * they expire. Those that were invalidated have, so it asks again. That does not reach a copy that code of the
 * application made; `forceRefresh` does, but for clients from 3.667 to 3.772, which do not hand it on.
 */
export async function signsWithAnotherKey(
  provider: RefreshingProvider,
  context: Context,
  rejected: string,
): Promise<boolean> {
  const identity = await provider();
  if (identity.accessKeyId === rejected) return false;
  const smithyContext: NonNullable<Context["__smithy_context"]> = context.__smithy_context ?? {};
  const scheme = smithyContext.selectedHttpAuthScheme;
  // The SDK chooses an identity once, before its retry loop. Its own signer asks the client's `credentials` again.
  if (scheme) smithyContext.selectedHttpAuthScheme = { ...scheme, identity };
  const credentials = scheme?.httpAuthOption?.signingProperties?.config?.credentials as
    | CredentialsFunction
    | undefined;
  if (typeof credentials !== "function") return true;
  if ((await credentials()).accessKeyId !== rejected) return true;
  const throughCaches = { forceRefresh: true, [ALREADY_REFRESHED]: rejected };
  return (await credentials(throughCaches)).accessKeyId !== rejected;
}

/** Waits no longer than the caller does. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, fail) => {
    onAbort = () => fail(abortError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener?.("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener?.("abort", onAbort);
  }
}

/** The same as that of the SDK's own request handler and retry loop. */
const abortError = ({ reason }: AbortSignal): Error =>
  Object.assign(new Error("Request aborted", reason instanceof Error ? { cause: reason } : {}), {
    name: "AbortError",
  });
