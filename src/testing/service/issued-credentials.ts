import { randomBytes, randomInt } from "node:crypto";
import type { AwsCredentialIdentity } from "@smithy/types";
import { checkNames, checkPattern, checkText, refuse } from "./checks.js";
import type { Instance } from "./instance.js";

/** A set of credentials, and when it was made. */
export interface CredentialSet {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly accountId: string | undefined;
  /** Milliseconds since the epoch, on a whole second. */
  readonly expiration: number;
  readonly made: number;
  /** Given from outside: it stays until it is replaced from outside. */
  readonly given: boolean;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** An id as IAM makes them: what it is in four letters, then sixteen characters. */
export function uniqueId(prefix: "ASIA" | "AIPA" | "AROA"): string {
  return prefix + Array.from({ length: 16 }, () => BASE32[randomInt(32)]).join("");
}

/** A clock that was set back by more than this belongs to a test: the set starts over by it. */
const SET_BACK_MS = 60_000;

/** EC2 shows a new set at least this long before the old one expires. */
const LEAD_SECONDS = 300;

/** How long one set is served. */
function servedSeconds({ credentialsTtlSeconds, rotateEverySeconds }: Instance): number {
  return rotateEverySeconds ?? credentialsTtlSeconds - Math.min(LEAD_SECONDS, credentialsTtlSeconds / 4);
}

/** The credentials of one attached role. Sets are made when they are asked for, by the clock of that moment. */
export class CredentialSets {
  readonly #instance: Instance;
  #set: CredentialSet | undefined;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  /** The set served now. */
  current(): CredentialSet {
    const now = Date.now();
    const set = this.#set;
    if (set?.given) return set;
    if (!set || now < set.made - SET_BACK_MS) return this.#make(now);
    const period = servedSeconds(this.#instance) * 1000;
    const missed = Math.floor((now - set.made) / period);
    return missed < 1 ? set : this.#make(set.made + missed * period);
  }

  rotate(): CredentialSet {
    return this.#make(Date.now());
  }

  /** Serves a set that was made elsewhere. */
  serve(given: AwsCredentialIdentity): CredentialSet {
    // An object, no more: identities from the SDK have further fields.
    checkNames("set", given, Object.keys(given ?? {}));
    const { expiration, accountId } = given;
    if (expiration !== undefined && !isWritable(expiration)) {
      refuse("set.expiration", "a valid Date of the years 0 to 9999, which a document can show", expiration);
    }
    const now = Date.now();
    this.#set = {
      accessKeyId: checkText("set.accessKeyId", given.accessKeyId),
      secretAccessKey: checkSecret("set.secretAccessKey", given.secretAccessKey),
      sessionToken: checkSecret("set.sessionToken", given.sessionToken),
      accountId:
        accountId === undefined
          ? this.#instance.accountId
          : checkPattern("set.accountId", accountId, /^\d{12}$/, "twelve digits"),
      expiration: expiration ? Math.floor(expiration.getTime() / 1000) * 1000 : this.#expiration(now),
      made: now,
      given: true,
    };
    return this.#set;
  }

  #make(made: number): CredentialSet {
    this.#set = {
      accessKeyId: uniqueId("ASIA"),
      secretAccessKey: randomBytes(30).toString("base64"),
      sessionToken: `IQoJb3JpZ2luX2Vj${randomBytes(600).toString("base64")}`,
      accountId: this.#instance.accountId,
      expiration: this.#expiration(made),
      made,
      given: false,
    };
    return this.#set;
  }

  /** Rounded up to the whole seconds of a document: a set never lives shorter than was asked for. */
  #expiration(made: number): number {
    return Math.ceil(made / 1000 + this.#instance.credentialsTtlSeconds) * 1000;
  }
}

/** RFC 3339 has years of four digits. */
function isWritable(moment: unknown): boolean {
  if (!(moment instanceof Date)) return false;
  const year = moment.getUTCFullYear();
  return year >= 0 && year <= 9999;
}

/** As {@link checkText}, but the message does not show the value. */
function checkSecret(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`${name} must be a string that is not empty: a role's credentials always have one`);
}

/** A copy: what the mock's user does to it changes nothing here. */
export function identityOf(set: CredentialSet): AwsCredentialIdentity {
  return {
    accessKeyId: set.accessKeyId,
    secretAccessKey: set.secretAccessKey,
    sessionToken: set.sessionToken,
    expiration: new Date(set.expiration),
    ...(set.accountId === undefined ? {} : { accountId: set.accountId }),
  };
}
