/**
 * The part of the SDK's middleware that the plugin uses. The SDK's own types for it differ from version to version;
 * this part has been the same since 3.0.0.
 */

export interface MiddlewareArguments {
  /** The input of the operation. */
  readonly input?: unknown;
  /** From the build step on. */
  readonly request?: unknown;
}

export type Handler = (args: MiddlewareArguments) => Promise<{ readonly response?: unknown }>;

/** What the SDK keeps for one call. */
export interface Context {
  readonly __smithy_context?: {
    /** With @smithy/core 3.39 and later. */
    readonly abortSignal?: AbortSignal;
    /** From 3.624 on; before that, the signer asks the client's provider and there is nothing to set. */
    selectedHttpAuthScheme?: {
      readonly identity?: object;
      readonly httpAuthOption?: {
        readonly signingProperties?: { readonly config?: { readonly credentials?: unknown } };
      };
    };
  };
}

export type Middleware = (next: Handler, context: Context) => Handler;

interface MiddlewareStack {
  add(middleware: Middleware, options: { name: string; step: string; priority: string }): void;
  addRelativeTo(
    middleware: Middleware,
    options: { name: string; relation: string; toMiddleware: string },
  ): void;
  clone(): MiddlewareStack;
  /** Whether there was one with this name. */
  remove(name: string): boolean;
  /** The names, in order. Missing in early versions. */
  identify?(): readonly string[];
}

/** Stands in the SDK's retry loop in all versions; what signs a request is placed right after it. */
const RETRY = "retryMiddleware";

export interface Middlewares {
  readonly resend: Middleware;
  readonly noteSigner: Middleware;
  readonly noteResponse: Middleware;
}

/**
 * Adds the middleware under names that begin with `name`.
 *
 * @returns false, having added nothing, for a stack that is not one of an SDK client or command
 */
export function addTo(
  target: object,
  name: string,
  { resend, noteSigner, noteResponse }: Middlewares,
): boolean {
  const stack = target as MiddlewareStack;
  const names = { outer: name, inner: `${name}Retry`, signer: `${name}Signer`, response: `${name}Response` };
  try {
    const hasRetry = stack.clone().remove(RETRY);
    // A command's own stack is empty until the command is sent.
    if (!hasRetry && stack.identify?.().length !== 0) return false;
    // Early versions refuse a name that is taken, and have no `override`.
    for (const taken of Object.values(names)) stack.remove(taken);
    stack.add(resend, { name: names.outer, step: "build", priority: "low" });
    // Within the retry loop, so that the SDK does not retry what was rejected.
    if (hasRetry) stack.addRelativeTo(resend, { name: names.inner, relation: "after", toMiddleware: RETRY });
    stack.add(noteSigner, { name: names.signer, step: "deserialize", priority: "high" });
    stack.add(noteResponse, { name: names.response, step: "deserialize", priority: "low" });
    return true;
  } catch {
    return false;
  }
}
