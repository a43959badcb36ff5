import pRetry from "p-retry";
import type { MetadataSettings } from "../config/settings.js";
import type { InstanceMetadataStep } from "../errors/instance-metadata-error.js";
import { errorFromFailure } from "../errors/messages.js";
import { abortedBy, RequestFailure } from "../errors/request-failure.js";
import type { HttpExchange, MetadataAnswer, MetadataRequest } from "./http-exchange.js";
import { BACKOFF, mayRetry } from "./retry-policy.js";

export interface Retrying<T> {
  readonly step: InstanceMetadataStep;
  readonly settings: MetadataSettings;
  /** Makes sense of the answer; a `RequestFailure` from here counts as one of the attempt. */
  readonly accept: (answer: MetadataAnswer, attempt: number) => T;
  /** How often it was sent already, with a token that was refused. */
  readonly sentBefore?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called for each request that is sent. */
  readonly onRequest?: (() => void) | undefined;
}

/** One request, retries included. Rejects with an `InstanceMetadataError`. */
export async function requestWithRetries<T>(
  exchange: HttpExchange,
  request: MetadataRequest,
  { step, settings, accept, sentBefore = 0, signal, onRequest }: Retrying<T>,
): Promise<T> {
  let attempts = sentBefore;
  try {
    return await pRetry(
      async (attempt) => {
        attempts = sentBefore + attempt;
        return accept(await exchange.send(request, signal, onRequest), attempts);
      },
      {
        ...BACKOFF,
        retries: settings.maxRetries,
        unref: true,
        signal,
        shouldRetry: ({ error, attemptNumber }) =>
          error instanceof RequestFailure && mayRetry(error, attemptNumber),
      },
    );
  } catch (error) {
    const failure = signal?.aborted ? abortedBy(signal) : error;
    if (!(failure instanceof RequestFailure)) throw failure;
    throw errorFromFailure(failure, { step, attempts, endpoint: settings.endpoint.href });
  }
}
