/** Where a client finds what it talks to. */
export interface Services {
  /** The mocked metadata service, without a slash at the end. */
  readonly imds: string;
  /** An S3 endpoint that verifies signatures and takes the set that the mock serves, no other. */
  readonly s3: string;
}

/** One client, how it is run, and what the mock must see of it. */
export interface InteropClient {
  readonly name: string;
  /**
   * A `"conversation"` is one process, asked by lines on its stdin, that prints what it got; a `"command"` ends
   * with one S3 request and is run anew each time.
   */
  readonly kind: "conversation" | "command";
  readonly program: (services: Services) => readonly string[];
  readonly environment?: (services: Services) => Readonly<Record<string, string>>;
  /** How it finds the mock: by a setting, or, without one, at EC2's address. */
  readonly finds: "by setting" | "at EC2's address";
  /** Why it cannot run here; undefined if it can. */
  readonly missing?: () => string | undefined;
  /** What it asks to get its first set, and the set after the rotation. */
  readonly first: readonly string[];
  readonly rotated: readonly string[];
  /** What it asks when the token's PUT is refused with 403, and how it says that it failed. */
  readonly refused: readonly string[];
  readonly saysRefused: RegExp;
}

export const ROLE: string = "web-server";
export const ROLE_LIST: string = "/latest/meta-data/iam/security-credentials/";
export const DOCUMENT: string = `${ROLE_LIST}${ROLE}`;

/** The lines of a trace. */
export const putToken = (ttlSeconds: number, status = 200): string =>
  `PUT /latest/api/token for ${ttlSeconds} s: ${status}`;
export const getWithToken = (path: string): string => `GET ${path} with a token: 200`;
/** IMDSv1, which the mock refuses as an instance does that requires tokens. */
export const getBare = (path: string): string => `GET ${path} without a token: 401`;

/** Token, list, document: the way of nearly all. */
export const WHOLE_WAY: readonly string[] = [
  putToken(21600),
  getWithToken(ROLE_LIST),
  getWithToken(DOCUMENT),
];
/** Refused the token, they try IMDSv1, once. */
export const TRY_BARE: readonly string[] = [putToken(21600, 403), getBare(ROLE_LIST)];
