import { RequestFailure } from "../errors/request-failure.js";
import { parseJsonObject } from "./json-object.js";

/** A set of temporary credentials. */
export interface GrantedCredentials {
  readonly outcome: "granted";
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly accountId: string | undefined;
}

/** What the document under `iam/security-credentials/<role>` says. */
export type CredentialsDocument =
  | GrantedCredentials
  | { readonly outcome: "denied"; readonly code: string; readonly message: string };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks every field. Throws a `RequestFailure` that names the field and never quotes the document. What a refusal says
 * is told to people, unless it repeats the token that it was asked with, or a key of the document.
 */
export function parseCredentialsDocument(body: string, token?: string): CredentialsDocument {
  const fields = parseJsonObject(body);
  const code = field(fields, "Code");
  if (code !== "Success") {
    const secrets = [token, fields.AccessKeyId, fields.SecretAccessKey, fields.Token];
    return { outcome: "denied", code: told(code, secrets), message: told(fields.Message, secrets) };
  }
  return {
    outcome: "granted",
    accessKeyId: key(fields, "AccessKeyId"),
    secretAccessKey: key(fields, "SecretAccessKey"),
    sessionToken: key(fields, "Token"),
    expiresAt: moment(fields, "Expiration"),
    accountId: isAbsent(fields.AccountId) ? undefined : field(fields, "AccountId"),
  };
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === "";

function field(fields: Fields, name: string): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (isAbsent(value)) throw new RequestFailure("unusable", `its field ${name} is missing or empty`);
  if (typeof value !== "string") throw new RequestFailure("unusable", `its field ${name} is not a string`);
  return value;
}

/** Visible ASCII only: each of them is sent in a header or signs one. */
function key(fields: Fields, name: string): string {
  const value = field(fields, name);
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new RequestFailure("unusable", `its field ${name} has characters that no key has`);
}

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function moment(fields: Fields, name: string): number {
  const text = field(fields, name);
  const [matched, year, month, day] = RFC_3339.exec(text) ?? [];
  const value = Date.parse(matched?.toUpperCase() ?? "");
  // `Date` turns 30 February into 2 March; no service writes that, so it is not believed.
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number.isNaN(value) || Number(day) > last) {
    throw new RequestFailure("unusable", `its field ${name} is not a date of RFC 3339`);
  }
  return value;
}

/** What a refusal says, fit for a message: printable, short, and without any secret. */
function told(value: unknown, secrets: readonly unknown[]): string {
  if (typeof value !== "string") return "";
  for (const secret of secrets) {
    if (typeof secret !== "string" || secret === "") continue;
    if (value.includes(secret)) return "(withheld)";
  }
  // No control characters, and nothing that turns the direction of the text or ends a line.
  const printable = value.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
  return [...printable].slice(0, 300).join("").trim();
}
