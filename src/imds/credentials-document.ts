import { printable, repeatsSecret } from "../errors/printable.js";
import { malformed } from "../errors/request-failure.js";
import { parseJsonObject } from "./json-object.js";
import { isWord } from "./word.js";

/** A role's credentials, as the document has them. */
export interface DocumentCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly accountId?: string;
}

/** What the document under `iam/security-credentials/<role>` comes to. */
export type CredentialsDocument =
  | { readonly outcome: "ok"; readonly credentials: DocumentCredentials }
  /** EC2 could not assume the role; the reason is fit to be shown. */
  | { readonly outcome: "refused"; readonly reason: string };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks every field. Throws a `RequestFailure` that names the field and never quotes the document.
 *
 * @param secrets what the service may repeat in a refusal and must not be shown, in addition to the document's own keys
 */
export function parseCredentialsDocument(body: string, secrets: readonly string[]): CredentialsDocument {
  const fields = parseJsonObject(body);
  // Some services, such as moto, send credentials without a Code.
  const code = isAbsent(fields.Code) ? "Success" : textField(fields, "Code");
  if (code.trim().toLowerCase() !== "success") {
    return { outcome: "refused", reason: reasonOf(code, fields, secrets) };
  }
  const accountId = fields.AccountId;
  return {
    outcome: "ok",
    credentials: {
      accessKeyId: keyField(fields, "AccessKeyId"),
      secretAccessKey: keyField(fields, "SecretAccessKey"),
      sessionToken: keyField(fields, "Token"),
      expiresAt: dateField(fields, "Expiration"),
      ...(typeof accountId === "string" && isWord(accountId) && { accountId }),
    },
  };
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === "";

function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (isAbsent(value)) throw malformed(`its field ${name} is missing or empty`);
  if (typeof value !== "string") throw malformed(`its field ${name} is not a string`);
  return value;
}

/** Visible ASCII only: each of them is sent in a header or signs one. */
function keyField(fields: Fields, name: string): string {
  const value = textField(fields, name);
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw malformed(`its field ${name} has characters that no key has`);
}

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function dateField(fields: Fields, name: string): number {
  // RFC 3339 in any case; some services write the offset without its colon.
  const text = textField(fields, name)
    .toUpperCase()
    .replace(/([+-]\d\d)(\d\d)$/, "$1:$2");
  const [matched, year, month, day] = RFC_3339.exec(text) ?? [];
  const value = Date.parse(matched ?? "");
  // `Date` turns 30 February into 2 March; no service writes that, so it is not believed.
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number.isNaN(value) || Number(day) > lastDay) {
    throw malformed(`its field ${name} is not a date of RFC 3339`);
  }
  return value;
}

const SECRET_FIELDS = ["AccessKeyId", "SecretAccessKey", "Token"] as const;

const WITHHELD = "(withheld)";

/** The service's own words are shown to users, unless they repeat a secret. */
function reasonOf(code: string, fields: Fields, known: readonly string[]): string {
  const own = SECRET_FIELDS.map((name) => fields[name]).filter((value) => typeof value === "string");
  const secrets = [...known, ...own];
  const isShown = isWord(code.trim()) && !repeatsSecret(code, secrets);
  const shownCode = isShown ? code.trim() : WITHHELD;
  const message = typeof fields.Message === "string" ? printable(fields.Message) : "";
  if (message === "") return shownCode;
  const isSecret = repeatsSecret(String(fields.Message), secrets) || repeatsSecret(message, secrets);
  return `${shownCode}: ${isSecret ? WITHHELD : message}`;
}
