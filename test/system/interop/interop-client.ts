/** Where a client finds what it talks to. */
export interface Services {
  /** The mocked metadata service, without a slash at the end. */
  readonly imds: string;
  /** An S3 endpoint that verifies signatures and takes the credentials that the mock serves, and no others. */
  readonly s3: string;
  /** The same with TLS before it, for a client that `needsTls`; its certificate is signed by itself. */
  readonly s3WithTls: string;
}

/** One client, how it is run, and what the mock must see of it. */
export interface InteropClient {
  readonly name: string;
  /**
   * A `"conversation"` is one process, asked by lines on its stdin, that prints what it got; a `"command"` makes
   * S3 requests and is started again each time.
   */
  readonly kind: "conversation" | "command";
  readonly program: (services: Services) => readonly string[];
  readonly environment?: (services: Services) => Readonly<Record<string, string>>;
  /** How it finds the mock: by a setting, or, without one, at EC2's address. */
  readonly finds: "by setting" | "at EC2's address";
  /** Why it cannot run here; undefined if it can. */
  readonly missing?: () => string | undefined;
  /** A command that ends with a status of its own, because what it asks S3 for is not there. */
  readonly ignoresStatus?: boolean;
  readonly needsTls?: boolean;
  /** It may repeat requests, or make them for several parts of itself: how often does not matter. */
  readonly repeats?: boolean;
  /** What it requests for its first credentials, and for those after the rotation. */
  readonly first: readonly string[];
  readonly rotated: readonly string[];
  /** What it requests when the token's PUT is refused with 403, and how it says that it failed. */
  readonly refused: readonly string[];
  readonly failureMessage: RegExp;
}

export const ROLE: string = "web-server";
export const ROLE_LIST: string = "/latest/meta-data/iam/security-credentials/";
export const DOCUMENT: string = `${ROLE_LIST}${ROLE}`;

/** The lines of a trace. */
export const putToken = (ttlSeconds: number, status = 200): string =>
  `PUT /latest/api/token for ${ttlSeconds} s: ${status}`;
export const getWithToken = (path: string): string => `GET ${path} with a token: 200`;
/** IMDSv1, which the mock refuses as an instance does that requires tokens. */
export const getWithoutToken = (path: string): string => `GET ${path} without a token: 401`;

/** Token, list, document: what nearly all request. */
export const TOKEN_LIST_DOCUMENT: readonly string[] = [
  putToken(21600),
  getWithToken(ROLE_LIST),
  getWithToken(DOCUMENT),
];
/** Refused the token, they try IMDSv1, once. */
export const IMDSV1_FALLBACK: readonly string[] = [putToken(21600, 403), getWithoutToken(ROLE_LIST)];
