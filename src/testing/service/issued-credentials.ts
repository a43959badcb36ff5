import { randomBytes, randomInt } from "node:crypto";
import { types } from "node:util";
import type { AwsCredentialIdentity } from "@smithy/types";
import { checkNames, checkPattern, checkText, refuse } from "./checks.js";
import type { Instance } from "./instance.js";
import { wholeSeconds } from "./whole-seconds.js";

/** Credentials of a role, and when they were issued. */
export interface IssuedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly accountId: string | undefined;
  /** Milliseconds since the epoch, on a whole second. */
  readonly expiration: number;
  readonly issued: number;
  /** Given by the test: they stay until the test replaces them. */
  readonly given: boolean;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** An id as IAM makes them: what it is in four letters, then sixteen characters. */
export function uniqueId(prefix: "ASIA" | "AIPA" | "AROA"): string {
  return prefix + Array.from({ length: 16 }, () => BASE32[randomInt(32)]).join("");
}

/** A clock that is set back by more than this is a test's: new credentials are issued by it. */
const SET_BACK_MS = 60_000;

/** EC2 serves new credentials at least this long before the old ones expire. */
const LEAD_SECONDS = 300;

/** The options that credentials depend on. */
type Lifetime = Pick<Instance, "accountId" | "credentialsTtlSeconds" | "rotateEverySeconds">;

/** How long the same credentials are served. */
function servedSeconds({ credentialsTtlSeconds, rotateEverySeconds }: Lifetime): number {
  return rotateEverySeconds ?? credentialsTtlSeconds - Math.min(LEAD_SECONDS, credentialsTtlSeconds / 4);
}

/** Issues the credentials of one role, on demand and by the clock at that time. */
export class CredentialIssuer {
  readonly #lifetime: Lifetime;
  #issued: IssuedCredentials | undefined;

  constructor(lifetime: Lifetime) {
    this.#lifetime = lifetime;
  }

  /** The credentials served now. */
  current(): IssuedCredentials {
    const now = Date.now();
    const last = this.#issued;
    if (last?.given) return last;
    if (!last || now < last.issued - SET_BACK_MS) return this.#issue(now);
    const period = servedSeconds(this.#lifetime) * 1000;
    const missed = Math.floor((now - last.issued) / period);
    return missed < 1 ? last : this.#issue(last.issued + missed * period);
  }

  rotate(): IssuedCredentials {
    return this.#issue(Date.now());
  }

  /** Serves credentials that were issued elsewhere. */
  serve(given: AwsCredentialIdentity): IssuedCredentials {
    // Any fields: identities of the SDK have more.
    checkNames("credentials", given, Object.keys(given ?? {}));
    const { expiration, accountId } = given;
    if (expiration !== undefined && !isWritable(expiration)) {
      refuse(
        "credentials.expiration",
        "a valid Date of the years 0 to 9999, which a document can show",
        expiration,
      );
    }
    const now = Date.now();
    this.#issued = {
      accessKeyId: checkText("credentials.accessKeyId", given.accessKeyId),
      secretAccessKey: checkSecret("credentials.secretAccessKey", given.secretAccessKey),
      sessionToken: checkSecret("credentials.sessionToken", given.sessionToken),
      accountId:
        accountId === undefined
          ? this.#lifetime.accountId
          : checkPattern("credentials.accountId", accountId, /^\d{12}$/, "twelve digits"),
      expiration: expiration ? Math.floor(expiration.getTime() / 1000) * 1000 : this.#expiration(now),
      issued: now,
      given: true,
    };
    return this.#issued;
  }

  #issue(issued: number): IssuedCredentials {
    this.#issued = {
      accessKeyId: uniqueId("ASIA"),
      secretAccessKey: randomBytes(30).toString("base64"),
      sessionToken: `IQoJb3JpZ2luX2Vj${randomBytes(600).toString("base64")}`,
      accountId: this.#lifetime.accountId,
      expiration: this.#expiration(issued),
      issued,
      given: false,
    };
    return this.#issued;
  }

  /** Rounded up to the whole seconds of a document: credentials live at least as long as was asked for. */
  #expiration(issued: number): number {
    return Math.ceil(issued / 1000 + this.#lifetime.credentialsTtlSeconds) * 1000;
  }
}

/** RFC 3339 has years of four digits. */
function isWritable(value: unknown): boolean {
  // A `Date` of another realm too, as those of a test in Jest are.
  if (!types.isDate(value)) return false;
  const year = value.getUTCFullYear();
  return year >= 0 && year <= 9999;
}

/** As {@link checkText}, but the message does not show the value. */
function checkSecret(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`${name} must be a string that is not empty: a role's credentials always have one`);
}

/** A copy: what the test does to it changes nothing here. */
export function identityOf(issued: IssuedCredentials): AwsCredentialIdentity {
  return {
    accessKeyId: issued.accessKeyId,
    secretAccessKey: issued.secretAccessKey,
    sessionToken: issued.sessionToken,
    expiration: new Date(issued.expiration),
    ...(issued.accountId === undefined ? {} : { accountId: issued.accountId }),
  };
}

/** The document at which EC2 serves them. */
export function credentialsDocument(issued: IssuedCredentials): string {
  const document = {
    Code: "Success",
    LastUpdated: wholeSeconds(issued.issued),
    Type: "AWS-HMAC",
    AccessKeyId: issued.accessKeyId,
    SecretAccessKey: issued.secretAccessKey,
    Token: issued.sessionToken,
    Expiration: wholeSeconds(issued.expiration),
    ...(issued.accountId === undefined ? {} : { AccountId: issued.accountId }),
  };
  return JSON.stringify(document, null, 2);
}
