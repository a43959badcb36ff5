import { types } from "node:util";
import type { Middleware } from "./expired-token-plugin-stack.js";

/** A request that the service answered with an error. */
export interface SentRequest {
  /** The key that it was signed with. */
  readonly accessKeyId: string;
  readonly method: string | undefined;
  /** The input of the operation. */
  readonly input: unknown;
  readonly statusCode: number | undefined;
  /** The time of the service in milliseconds since the epoch, from the response's `Date` header. */
  readonly serverTime: number | undefined;
}

interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

interface HttpResponse {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** By the error that sending it ended in. */
const sentRequests = new WeakMap<object, SentRequest>();
const responses = new WeakMap<object, HttpResponse>();

/** The request that ended in this error; undefined if it was not signed, or was never answered. */
export const sentRequestOf = (error: unknown): SentRequest | undefined =>
  isObject(error) ? sentRequests.get(error) : undefined;

/** The access key id in a Signature Version 4 (or 4A), if the request has been signed. */
export function signingKeyOf(request: unknown): string | undefined {
  if (!isObject(request)) return undefined;
  const { headers } = request as HttpRequest;
  return /Credential=([^/]+)\//.exec(headers?.authorization ?? headers?.Authorization ?? "")?.[1];
}

/** After the signer, around the deserializer: notes what a request that failed was really signed with. */
export const noteSigner: Middleware = (next) => async (args) => {
  try {
    return await next(args);
  } catch (error) {
    const { request, input } = args;
    const accessKeyId = signingKeyOf(request);
    if (isObject(error) && isObject(request) && accessKeyId !== undefined) {
      const { method } = request as HttpRequest;
      const { statusCode, headers } = responses.get(request) ?? {};
      const serverTime = timeOf(headers?.date ?? headers?.Date);
      sentRequests.set(error, { accessKeyId, method, input, statusCode, serverTime });
    }
    throw error;
  }
};

/** Next to the connection: notes the response, which the errors of early versions do not have. */
export const noteResponse: Middleware = (next) => async (args) => {
  const result = await next(args);
  if (isObject(args.request) && isObject(result.response))
    responses.set(args.request, result.response as HttpResponse);
  return result;
};

function timeOf(date: string | undefined): number | undefined {
  const time = Date.parse(date ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** Whether a request has no body, or one that is all in memory. A stream has been consumed. */
export function canBeSentAgain(request: object): boolean {
  const { body } = request as HttpRequest;
  return (
    body === undefined ||
    body === null ||
    typeof body === "string" ||
    ArrayBuffer.isView(body) ||
    types.isAnyArrayBuffer(body)
  );
}

export interface NamedError {
  readonly name?: unknown;
}

export const isObject = (value: unknown): value is NamedError => typeof value === "object" && value !== null;
