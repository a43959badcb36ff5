import pRetry from "p-retry";
import type { MetadataSettings } from "../config/settings.js";
import type { InstanceMetadataStep } from "../errors/instance-metadata-error.js";
import { errorFromFailure } from "../errors/messages.js";
import { abortedBy, failedWith, RequestFailure } from "../errors/request-failure.js";
import { onAbort } from "../runtime/on-abort.js";
import { MAX_BODY_BYTES } from "./body-limits.js";
import type { HttpExchange, MetadataRequest, MetadataResponse } from "./http-exchange.js";
import { BACKOFF, isRetried, isRetriedStatus } from "./retry-policy.js";

export interface RetryOptions<T> extends Omit<MetadataRequest, "maxBytes"> {
  readonly step: InstanceMetadataStep;
  readonly settings: MetadataSettings;
  /** Makes a value of a response with status 200; a `RequestFailure` that it throws is one of the attempt. */
  readonly accept: (response: MetadataResponse) => T;
  /** How often the request was sent before, with a token that was refused. */
  readonly previousAttempts?: number;
}

/** What became of a request: a value, or a status that another attempt would not change. */
export type RequestResult<T> =
  | { readonly outcome: "ok"; readonly value: T; readonly attempts: number }
  | { readonly outcome: "refused"; readonly status: number; readonly attempts: number };

/** One request, retries included. Rejects with an `InstanceMetadataError`. */
export async function requestWithRetries<T>(
  exchange: HttpExchange,
  { step, settings, accept, previousAttempts = 0, ...request }: RetryOptions<T>,
): Promise<RequestResult<T>> {
  const { signal, unlink } = ownSignal(request.signal);
  let attempts = previousAttempts;
  const attempt = async (attemptNumber: number): Promise<RequestResult<T>> => {
    attempts = previousAttempts + attemptNumber;
    const response = await exchange.send({ ...request, signal, maxBytes: MAX_BODY_BYTES[step] });
    const { status } = response;
    if (status === 200) return { outcome: "ok", value: accept(response), attempts };
    if (isRetriedStatus(status)) throw failedWith(status);
    return { outcome: "refused", status, attempts };
  };
  try {
    return await pRetry(attempt, {
      ...BACKOFF,
      retries: settings.maxRetries,
      unref: true,
      signal,
      shouldRetry: ({ error, attemptNumber }) =>
        error instanceof RequestFailure && isRetried(error, attemptNumber),
    });
  } catch (error) {
    const failure = signal?.aborted ? abortedBy(signal) : error;
    if (!(failure instanceof RequestFailure)) throw failure;
    throw errorFromFailure(failure, { step, path: request.path, attempts, endpoint: settings.endpoint });
  } finally {
    unlink();
  }
}

/** A signal of this request alone, as each wait and each attempt adds a listener to it. */
function ownSignal(signal: AbortSignal | undefined): { signal: AbortSignal | undefined; unlink: () => void } {
  if (!signal) return { signal, unlink: () => {} };
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  return { signal: controller.signal, unlink: onAbort(signal, abort) };
}
