import type { InstanceMetadataErrorCode } from "../../../src/index.js";
import { KEYS, TOKEN } from "./expectations.js";
import type { Raw } from "./raw-service.js";
import { go, goError } from "./wire-forms.js";

/** One answer that differs from EC2's, and what the provider's first load gets. */
export interface OddAnswer {
  readonly answer: Raw;
  /** The expiration of the credentials, the name of the role, or an error's code and what its message says. */
  readonly becomes:
    | { readonly expiration: string }
    | { readonly roleName: string; readonly asks?: string }
    | { readonly code: InstanceMetadataErrorCode; readonly says?: RegExp };
}

export const DOCUMENT: Readonly<Record<string, unknown>> = {
  Code: "Success",
  Type: "AWS-HMAC",
  ...KEYS,
  LastUpdated: "2026-01-01T00:00:00Z",
  Expiration: "2099-12-31T23:59:59Z",
};

const document = (changes: Readonly<Record<string, unknown>>): Raw =>
  go(200, JSON.stringify({ ...DOCUMENT, ...changes }));

const dated = (Expiration: unknown): Raw => document({ Expiration });
const END = "2099-12-31T23:59:59.000Z";
const UNDATED = { code: "INVALID_RESPONSE", says: /Expiration/ } as const;

/** Dates, by what writes them so. */
export const DATES: Readonly<Record<string, OddAnswer>> = {
  "Go, time.RFC3339": { answer: dated("2099-12-31T23:59:59Z"), becomes: { expiration: END } },
  "Go, time.RFC3339Nano": {
    answer: dated("2099-12-31T23:59:59.999999999Z"),
    becomes: { expiration: "2099-12-31T23:59:59.999Z" },
  },
  "Go, local time": { answer: dated("2100-01-01T05:29:59+05:30"), becomes: { expiration: END } },
  "Java, SimpleDateFormat with Z": {
    answer: dated("2099-12-31T23:59:59+0000"),
    becomes: { expiration: END },
  },
  "Java, SimpleDateFormat with Z, west of Greenwich": {
    answer: dated("2099-12-31T15:59:59.000-0800"),
    becomes: { expiration: END },
  },
  "Python, isoformat of an aware datetime": {
    answer: dated("2099-12-31T23:59:59.000000+00:00"),
    becomes: { expiration: END },
  },
  "lower case": { answer: dated("2099-12-31t23:59:59z"), becomes: { expiration: END } },
  "Python, isoformat of a naive datetime": { answer: dated("2099-12-31T23:59:59"), becomes: UNDATED },
  "Python, str of an aware datetime": { answer: dated("2099-12-31 23:59:59+00:00"), becomes: UNDATED },
  "Ruby, Time#to_s": { answer: dated("2099-12-31 23:59:59 UTC"), becomes: UNDATED },
  "JavaScript, Date#toString": { answer: dated("Thu Dec 31 2099 23:59:59 GMT+0000"), becomes: UNDATED },
  HTTP: { answer: dated("Thu, 31 Dec 2099 23:59:59 GMT"), becomes: UNDATED },
  "seconds since 1970, a number": { answer: dated(4102444799), becomes: UNDATED },
  "seconds since 1970, a text": { answer: dated("4102444799"), becomes: UNDATED },
  "a day that is not in the calendar": { answer: dated("2099-02-30T00:00:00Z"), becomes: UNDATED },
  "only a day": { answer: dated("2099-12-31"), becomes: UNDATED },
  null: { answer: dated(null), becomes: UNDATED },
};

const field = (name: string) => ({ code: "INVALID_RESPONSE", says: new RegExp(name) }) as const;
const GOOD = { expiration: END };

export const DOCUMENTS: Readonly<Record<string, OddAnswer>> = {
  "no Code, no Type, no LastUpdated": {
    answer: document({ Code: undefined, Type: undefined, LastUpdated: undefined }),
    becomes: GOOD,
  },
  "Code in lower case": { answer: document({ Code: "success" }), becomes: GOOD },
  "Code in capitals": { answer: document({ Code: "SUCCESS" }), becomes: GOOD },
  "AccountId as a number": { answer: document({ AccountId: 123456789012 }), becomes: GOOD },
  "AccountId with a blank": { answer: document({ AccountId: "12 34" }), becomes: GOOD },
  "AccountId that is null": { answer: document({ AccountId: null }), becomes: GOOD },
  "fields that no one knows": { answer: document({ RoleArn: "arn:…", Extra: { a: [1] } }), becomes: GOOD },
  "with line feeds around it": { answer: go(200, `\n${JSON.stringify(DOCUMENT)}\r\n`), becomes: GOOD },
  "no Code, and a field missing": {
    answer: document({ Code: undefined, Token: undefined }),
    becomes: field("Token"),
  },
  "no Code, and an empty field": {
    answer: document({ Code: undefined, SecretAccessKey: "" }),
    becomes: field("SecretAccessKey"),
  },
  "a key that is a number": { answer: document({ AccessKeyId: 7 }), becomes: field("AccessKeyId") },
  "a refusal": {
    answer: go(200, '{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"}'),
    becomes: { code: "ROLE_NOT_ASSUMABLE", says: /AssumeRoleUnauthorizedAccess.*EC2 cannot assume the role/ },
  },
  "the SDK's names in the place of EC2's": {
    answer: go(200, `{"accessKeyId":"${KEYS.AccessKeyId}","secretAccessKey":"${KEYS.SecretAccessKey}"}`),
    becomes: { code: "INVALID_RESPONSE" },
  },
  "an array": { answer: go(200, `[${JSON.stringify(DOCUMENT)}]`), becomes: { code: "INVALID_RESPONSE" } },
  "a page": { answer: go(200, "<html>"), becomes: { code: "INVALID_RESPONSE" } },
  "404": { answer: goError(404), becomes: { code: "NO_ROLE_ATTACHED", says: /listed/ } },
  "204": { answer: "HTTP/1.1 204 No Content\r\n\r\n", becomes: { code: "SERVER_ERROR" } },
};

const listed = (body: string): Raw => go(200, body);
const NO_NAME = { code: "INVALID_RESPONSE" } as const;

export const ROLE_LISTS: Readonly<Record<string, OddAnswer>> = {
  "a name": { answer: listed("app"), becomes: { roleName: "app", asks: "app" } },
  "every character of IAM's": {
    answer: listed("Az09+=,.@_-"),
    becomes: { roleName: "Az09+=,.@_-", asks: "Az09+=,.@_-" },
  },
  "blank lines, carriage returns and more than one name": {
    answer: listed("\r\n \r\n  app \r\nother\r\n"),
    becomes: { roleName: "app", asks: "app" },
  },
  "an ARN": {
    answer: listed("arn:aws:iam::1:role/app"),
    becomes: { roleName: "arn:aws:iam::1:role/app", asks: "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fapp" },
  },
  "an ARN of another partition": {
    answer: listed("arn:aws-cn:iam::1:role/x/y"),
    becomes: { roleName: "arn:aws-cn:iam::1:role/x/y", asks: "arn%3Aaws-cn%3Aiam%3A%3A1%3Arole%2Fx%2Fy" },
  },
  "a path": { answer: listed("team/app"), becomes: { roleName: "team/app", asks: "team%2Fapp" } },
  "dots within": { answer: listed("..app/v1.2"), becomes: { roleName: "..app/v1.2", asks: "..app%2Fv1.2" } },
  empty: { answer: listed(""), becomes: { code: "NO_ROLE_ATTACHED" } },
  "blanks alone": { answer: listed(" \r\n\t\n"), becomes: { code: "NO_ROLE_ATTACHED" } },
  "the folder itself": { answer: listed("."), becomes: NO_NAME },
  "the folder above": { answer: listed(".."), becomes: NO_NAME },
  "the folder above, further down": { answer: listed("app/../../info"), becomes: NO_NAME },
  "the folder above, at the end of an ARN": { answer: listed("arn:aws:iam::1:role/.."), becomes: NO_NAME },
  "a blank within": { answer: listed("my role"), becomes: NO_NAME },
  "a control character": { answer: listed("app\u0000"), becomes: NO_NAME },
  "a query": { answer: listed("app?x=1"), becomes: NO_NAME },
  "encoded already": { answer: listed("team%2fapp"), becomes: NO_NAME },
  "a page": { answer: listed("<!doctype html>"), becomes: NO_NAME },
  JSON: { answer: listed('{"roles":["app"]}'), becomes: NO_NAME },
  "513 characters": { answer: listed("a".repeat(513)), becomes: NO_NAME },
  "the session token": { answer: listed(TOKEN), becomes: NO_NAME },
};

const token = (body: string): Raw => go(200, body);
const TAKEN = { roleName: "app" } as const;
const NOT_LEGAL = { code: "INVALID_RESPONSE" } as const;

export const TOKENS: Readonly<Record<string, OddAnswer>> = {
  "with a line feed": { answer: token(`${TOKEN}\n`), becomes: TAKEN },
  "between blanks": { answer: token(`\r\n ${TOKEN} \r\n`), becomes: TAKEN },
  "1 KiB": { answer: token("t".repeat(1024)), becomes: TAKEN },
  "with a lifetime that is absurd": {
    answer: go(200, TOKEN, { "X-Aws-Ec2-Metadata-Token-Ttl-Seconds": "-5" }),
    becomes: TAKEN,
  },
  "with a lifetime that is no number": {
    answer: go(200, TOKEN, { "X-Aws-Ec2-Metadata-Token-Ttl-Seconds": "six hours" }),
    becomes: TAKEN,
  },
  "over 1 KiB": { answer: token("t".repeat(1025)), becomes: NOT_LEGAL },
  empty: { answer: token(""), becomes: NOT_LEGAL },
  "a page": { answer: token("<html>login</html>\n<p>"), becomes: NOT_LEGAL },
  "two lines": { answer: token("one\ntwo"), becomes: NOT_LEGAL },
  "bytes beyond ASCII": { answer: token("t\u00f6ken"), becomes: NOT_LEGAL },
};

const NO_TOKENS = { code: "TOKEN_UNSUPPORTED", says: /ec2MetadataV1Disabled/ } as const;
const status = (number: number): Raw => goError(number, "…");

/** Of the answer to the token's PUT. */
export const STATUSES: Readonly<Record<string, OddAnswer>> = {
  "400": { answer: status(400), becomes: { code: "TOKEN_REJECTED" } },
  "401": { answer: status(401), becomes: { code: "SERVER_ERROR" } },
  "403": { answer: status(403), becomes: { code: "IMDS_FORBIDDEN" } },
  "404": { answer: status(404), becomes: NO_TOKENS },
  "405": { answer: status(405), becomes: NO_TOKENS },
  "407": { answer: status(407), becomes: { code: "SERVER_ERROR" } },
  "410": { answer: status(410), becomes: NO_TOKENS },
  "418": { answer: status(418), becomes: { code: "SERVER_ERROR" } },
  "429": { answer: status(429), becomes: { code: "THROTTLED" } },
  "500": { answer: status(500), becomes: { code: "SERVER_ERROR" } },
  "501": { answer: status(501), becomes: NO_TOKENS },
  "502": { answer: status(502), becomes: { code: "SERVER_ERROR" } },
  "503": { answer: status(503), becomes: { code: "THROTTLED" } },
  "201, with a token": { answer: go(201, TOKEN), becomes: { code: "SERVER_ERROR" } },
  "302": { answer: go(302, "", { Location: "/elsewhere" }), becomes: { code: "SERVER_ERROR" } },
  "101": {
    answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    becomes: { code: "SERVER_ERROR" },
  },
  "100, and then a token": {
    answer: `HTTP/1.1 100 Continue\r\n\r\n${token(TOKEN)}`,
    becomes: TAKEN,
  },
  "no HTTP": { answer: "SSH-2.0-OpenSSH_9.6\r\n", becomes: { code: "INVALID_RESPONSE" } },
};
