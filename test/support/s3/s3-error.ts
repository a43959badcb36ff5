export type S3ErrorCode =
  | "AccessDenied"
  | "AuthorizationHeaderMalformed"
  | "BadDigest"
  | "EntityTooSmall"
  | "ExpiredToken"
  | "IncompleteBody"
  | "InternalError"
  | "InvalidAccessKeyId"
  | "InvalidPart"
  | "InvalidToken"
  | "MalformedXML"
  | "MethodNotAllowed"
  | "NoSuchKey"
  | "NoSuchUpload"
  | "NotImplemented"
  | "SignatureDoesNotMatch"
  | "XAmzContentSHA256Mismatch";

/** The errors that the endpoint answers, with the statuses and texts of S3. */
const ERRORS: Readonly<Record<S3ErrorCode, readonly [status: number, message: string]>> = {
  AccessDenied: [403, "Access Denied"],
  AuthorizationHeaderMalformed: [400, "The authorization header that you provided is not valid."],
  BadDigest: [400, "The checksum you specified did not match what we received."],
  EntityTooSmall: [400, "Your proposed upload is smaller than the minimum allowed size"],
  ExpiredToken: [400, "The provided token has expired."],
  IncompleteBody: [400, "The request body terminated unexpectedly"],
  InternalError: [500, "We encountered an internal error."],
  InvalidAccessKeyId: [403, "The AWS Access Key Id you provided does not exist in our records."],
  InvalidPart: [400, "One or more of the specified parts could not be found."],
  InvalidToken: [400, "The provided token is malformed or otherwise invalid."],
  MalformedXML: [400, "The XML you provided was not well-formed or did not validate."],
  MethodNotAllowed: [405, "The specified method is not allowed against this resource."],
  NoSuchKey: [404, "The specified key does not exist."],
  NoSuchUpload: [404, "The specified multipart upload does not exist."],
  NotImplemented: [501, "A header you provided implies functionality that is not implemented."],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided.",
  ],
  XAmzContentSHA256Mismatch: [
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
};

/** A refusal on its way to the client. */
export class S3Error extends Error {
  readonly code: S3ErrorCode;
  readonly status: number;

  constructor(code: S3ErrorCode, detail?: string) {
    const [status, message] = ERRORS[code];
    super(detail ? `${message} ${detail}` : message);
    this.code = code;
    this.status = status;
  }
}
