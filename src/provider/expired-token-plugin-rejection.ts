import { wallClock } from "../runtime/clock.js";
import type { NamedError, SentRequest } from "./expired-token-plugin-request.js";
import { isObject } from "./expired-token-plugin-request.js";

/** What services call credentials that they no longer accept. */
const REJECTIONS: ReadonlySet<unknown> = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidToken",
  "TokenRefreshRequired",
]);

/** Whether it could be one, before anything is known of the credentials that signed the request. */
export const mayBeRejection = (error: NamedError, sent: SentRequest): boolean =>
  REJECTIONS.has(error.name) ? !isOfOperation(error, sent.input) : isRejectionOfExpired(error, sent);

/**
 * Whether a service rejected the credentials that signed a request, rather than the request.
 *
 * @param expiresAt when those credentials expire, in milliseconds since the epoch
 */
export function isRejection(error: NamedError, sent: SentRequest, expiresAt: number): boolean {
  if (!mayBeRejection(error, sent)) return false;
  if (!isRejectionOfExpired(error, sent)) return true;
  return expiresAt <= Math.max(wallClock(), sent.serverTime ?? Number.NEGATIVE_INFINITY);
}

/**
 * What is a rejection of expired credentials only: EC2's code also means a request that was signed too long ago, and
 * the response to a `HEAD` has no body, so there is no code to read.
 */
const isRejectionOfExpired = ({ name }: NamedError, { method, statusCode }: SentRequest): boolean =>
  name === "RequestExpired" || (method === "HEAD" && (statusCode === 400 || statusCode === 403));

/** Whether an operation means a token of its own, such as the task token of Step Functions' `SendTaskSuccess`. */
function isOfOperation(error: NamedError, input: unknown): boolean {
  if (!isModelled(error)) return hasOnlyModelledFields(error) && takesToken(input);
  // SDK clients know the errors of a service, not of an operation. Services with JSON protocols say this one of
  // expired credentials too, to operations that take no token, such as Marketplace's `MeterUsage`.
  return error.name !== "ExpiredTokenException" || takesToken(input);
}

/**
 * Whether the service's model has this error: then it is of a class of its own, below the service's base class,
 * `ServiceException`, `Error` and `Object`. (By its length: names do not survive bundlers.)
 */
function isModelled(error: NamedError): boolean {
  let classes = 0;
  for (let prototype = error; isObject(prototype); prototype = Object.getPrototypeOf(prototype)) classes++;
  return classes > UNMODELLED_CHAIN;
}

/** The error itself, service's base class, `ServiceException`, `Error`, `Object`. */
const UNMODELLED_CHAIN = 5;

/** Before 3.54, roughly, all errors are plain: only the fields of the response body tell what is not modelled. */
const hasOnlyModelledFields = (error: NamedError): boolean =>
  Object.getPrototypeOf(error) === Error.prototype && !RAW_FIELDS.some((field) => field in error);

const RAW_FIELDS = ["__type", "code", "Code"] as const;

/** Whether an input has a token that can be invalid or have expired; that of idempotency and of pages cannot. */
const takesToken = (input: unknown): boolean =>
  isObject(input) &&
  Object.keys(input).some((field) => /token/i.test(field) && !/client|idempotency|continuation/i.test(field));
