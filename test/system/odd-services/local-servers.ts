import { EXPIRES, KEYS, NEEDS_IMDSV1, NO_REGION, type OddService, TOKEN } from "./expectations.js";
import { go, goError, goJson } from "./wire-forms.js";

const LIST = "/latest/meta-data/iam/security-credentials/";
const PUT = "PUT /latest/api/token";
const IDENTITY = "GET /latest/dynamic/instance-identity/document";

const LIFETIME = { LastUpdated: "2026-01-01T00:00:00Z", Expiration: "2099-12-31T23:59:59Z" };
const DOCUMENT = { Code: "Success", ...LIFETIME, Type: "AWS-HMAC", ...KEYS };
const TTL = { "X-Aws-Ec2-Metadata-Token-Ttl-Seconds": "21600" };
const TEXT_405 = goError(405, '{"Error":{"Code":"InvalidPath","Message":"Invalid path"}}');

/** Servers on a developer's machine, or beside an application, that serve credentials which they get elsewhere. */
export const LOCAL_SERVERS: Readonly<Record<string, OddService>> = {
  "aws-vault: no tokens, the Region in the identity document alone": {
    answers: {
      // It answers everything below this path but the one name.
      [`GET ${LIST}`]: go(200, "local-credentials"),
      [`GET ${LIST}local-credentials`]: goJson(DOCUMENT),
      "GET /latest/meta-data/iam/info": go(301, "", { Location: "/latest/meta-data/iam/info/" }),
      [IDENTITY]: go(200, '{"region": "ap-southeast-2"}'),
      otherwise: goError(404),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { roleName: "local-credentials", expiration: EXPIRES },
      region: "ap-southeast-2",
      doctor: { "session token": "warning", role: "ok", credentials: "ok", region: "ok" },
    },
  },
  "aws-vault: asked by another name than EC2's address": {
    answers: { otherwise: goError(401, "Access denied for host '127.0.0.1:9099'") },
    byDefault: {
      provider: { code: "SERVER_ERROR" },
      region: { code: "SERVER_ERROR", says: /AWS_REGION/ },
      doctor: { connection: "ok", "session token": "fail", role: "skipped" },
    },
  },
  "aws-vault: its own source has no credentials": {
    answers: {
      [`GET ${LIST}`]: go(200, "local-credentials"),
      [`GET ${LIST}local-credentials`]: goError(504, "operation error STS: AssumeRole, MFA required"),
      otherwise: goError(404),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { code: "SERVER_ERROR" },
      region: NO_REGION,
      doctor: { "session token": "warning", credentials: "fail" },
    },
  },
  "imds-credential-server: no Code, no lifetime of the token, nanoseconds, 405 where nothing is": {
    answers: {
      [PUT]: go(200, `${TOKEN}.MjAyNi0xMS0yNlQwMDo0NTozOVo=`, { "Content-Type": "text/plain" }),
      [`GET ${LIST}`]: go(200, "Developer"),
      [`GET ${LIST}Developer`]: go(
        200,
        JSON.stringify({ ...KEYS, Expiration: "2100-01-01T01:59:59.123456789+02:00" }),
      ),
      otherwise: TEXT_405,
    },
    byDefault: {
      provider: { roleName: "Developer", expiration: "2099-12-31T23:59:59.123Z" },
      region: { code: "SERVER_ERROR", says: /Region.*AWS_REGION/s },
      doctor: { "session token": "ok", role: "ok", credentials: "ok", region: "warning" },
    },
  },
  "IAM Roles Anywhere's serve: no Region": {
    answers: {
      [PUT]: go(200, TOKEN, TTL),
      [`GET ${LIST}`]: go(200, "app-role", TTL),
      [`GET ${LIST}app-role`]: goJson(
        { ...DOCUMENT, LastUpdated: "2026-01-01T01:00:00.123456789+01:00" },
        TTL,
      ),
      otherwise: goError(404),
    },
    byDefault: {
      provider: { roleName: "app-role", expiration: EXPIRES },
      region: NO_REGION,
      doctor: { "session token": "ok", role: "ok", credentials: "ok", region: "warning" },
    },
  },
  "IAM Roles Anywhere's serve: its certificate was refused, and the fields are empty": {
    answers: {
      [PUT]: go(200, TOKEN, TTL),
      [`GET ${LIST}`]: go(200, "app-role", TTL),
      [`GET ${LIST}app-role`]: goJson({
        AccessKeyId: "",
        SecretAccessKey: "",
        Token: "",
        Code: "Success",
        Type: "AWS-HMAC",
        Expiration: "0001-01-01T00:00:00Z",
        LastUpdated: "2026-01-01T01:00:00.123456789+01:00",
      }),
      otherwise: goError(404),
    },
    byDefault: {
      provider: { code: "INVALID_RESPONSE", says: /AccessKeyId/ },
      region: NO_REGION,
      doctor: { "session token": "ok", credentials: "fail" },
    },
  },
  "hologram: no tokens, no Region": {
    answers: {
      [`GET ${LIST}`]: go(200, "hologram-access"),
      [`GET ${LIST}hologram-access`]: go(200, JSON.stringify(DOCUMENT)),
      "GET /latest/meta-data/instance-id": go(200, "i-deadbeef"),
      otherwise: goError(404),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { roleName: "hologram-access", expiration: EXPIRES },
      region: NO_REGION,
      doctor: { role: "ok", credentials: "ok", region: "warning" },
    },
  },
  "weep: one token for ever without a lifetime, the role by its ARN": {
    answers: {
      [PUT]: go(200, "AQAEANQlVdnIoNfmJQHofbSTjkIm8eoMIBZZZX05Xk9jLiFuJuL2_A=="),
      [`GET ${LIST}`]: go(200, "arn:aws:iam::123456789012:role/app"),
      [`GET ${LIST}arn:aws:iam::123456789012:role/app`]: goJson(DOCUMENT),
      [IDENTITY]: goJson({ region: "us-west-2", accountId: "123456789012" }),
      otherwise: goError(404),
    },
    byDefault: {
      provider: { roleName: "arn:aws:iam::123456789012:role/app", expiration: EXPIRES },
      region: "us-west-2",
      doctor: { "session token": "ok", role: "ok", credentials: "ok", region: "ok" },
    },
  },
};
