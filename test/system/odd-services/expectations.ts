import type { InstanceMetadataErrorCode, InstanceRoleOptions } from "../../../src/index.js";
import type { Answers } from "./raw-service.js";

/** An error, and what its message must say besides its code. */
export interface Refusal {
  readonly code: InstanceMetadataErrorCode;
  readonly says?: RegExp;
}

/** What the user gets from a service with one set of settings. */
export interface Expected {
  /** Whose credentials the provider returns, or its error. */
  readonly provider: { readonly roleName: string; readonly expiration: string } | Refusal;
  /** What `instanceRegion()` resolves to, or its error. */
  readonly region: string | Refusal;
  /** Checks of the doctor and their outcome; those that are not named here may have any. */
  readonly doctor: Readonly<Record<string, "ok" | "note" | "warning" | "fail" | "skipped">>;
}

export interface OddService {
  readonly answers: Answers;
  /** With the library's defaults. */
  readonly byDefault: Expected;
  /** With `ec2MetadataV1Disabled: false`, where that makes a difference. */
  readonly withImdsV1?: Expected;
  readonly options?: Pick<InstanceRoleOptions, "roleName">;
  /** Request lines of the provider's first load, where the path is of interest. */
  readonly asks?: readonly string[];
}

/** Far enough for any time at which the tests run. */
export const EXPIRES = "2099-12-31T23:59:59.000Z";

/** What a service that has credentials serves. */
export const KEYS: Readonly<Record<"AccessKeyId" | "SecretAccessKey" | "Token", string>> = {
  AccessKeyId: "ASIAQ7XK2WZ5VJ3NB8TF",
  SecretAccessKey: "wQ8/vB3zLk+5RfXy7HsN2mJdPc9TgUe4",
  Token: "FwoGZXIvYXdzEJr//wEaDKx7Qp9Vb2Zt5LmWcSLGAf==",
};

export const TOKEN = "Tk-9fZ2qLwX7vB3nM8cR5tY1uA4sD6gH0j==";

/** Where the service has no session tokens, and the settings do not allow to go without. */
export const NEEDS_IMDSV1: Expected = {
  provider: { code: "TOKEN_UNSUPPORTED", says: /ec2MetadataV1Disabled/ },
  region: { code: "TOKEN_UNSUPPORTED", says: /Region.*AWS_REGION/s },
  doctor: { connection: "ok", "session token": "fail", role: "skipped", credentials: "skipped" },
};

export const NO_REGION: Refusal = { code: "NOT_FOUND", says: /Region.*AWS_REGION/s };
