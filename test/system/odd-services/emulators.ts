import { EXPIRES, KEYS, NEEDS_IMDSV1, NO_REGION, type OddService, TOKEN } from "./expectations.js";
import { chunked, flask, flaskError, flaskJson, go, goError, pythonHttp, sinatra } from "./wire-forms.js";

const LIST = "/latest/meta-data/iam/security-credentials/";
const PUT = "PUT /latest/api/token";
const REGION = "GET /latest/meta-data/placement/region";
const IDENTITY = "GET /latest/dynamic/instance-identity/document";
const EXPIRATION = "2099-12-31T23:59:59Z";

const NO_SUCH_BUCKET = flask(
  404,
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchBucket</Code><BucketName>latest</BucketName></Error>',
  "application/xml",
);

/** Services that only pretend, and clouds that have a part of EC2's metadata. */
export const EMULATORS: Readonly<Record<string, OddService>> = {
  "moto: the token's path is an object in S3, the document has no Code": {
    answers: {
      [PUT]: NO_SUCH_BUCKET,
      [`GET ${LIST}`]: flask(200, "default-role"),
      [`GET ${LIST}default-role`]: flask(200, JSON.stringify({ ...KEYS, Expiration: EXPIRATION })),
      [IDENTITY]: NO_SUCH_BUCKET,
      // "The … metadata path has not been implemented", as a page.
      otherwise: flaskError(500),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { roleName: "default-role", expiration: EXPIRES },
      region: { code: "SERVER_ERROR", says: /Region.*AWS_REGION/s },
      doctor: { "session token": "warning", role: "ok", credentials: "ok", region: "warning" },
    },
  },
  "AWS's own amazon-ec2-metadata-mock: credentials that expired in 2020": {
    answers: {
      [PUT]: go(200, TOKEN, { "X-Aws-Ec2-Metadata-Token-Ttl-Seconds": "21600" }),
      [`GET ${LIST}`]: go(200, "baskinc-role"),
      [`GET ${LIST}baskinc-role`]: go(
        200,
        JSON.stringify(
          {
            Code: "Success",
            LastUpdated: "2020-04-02T18:50:40Z",
            Type: "AWS-HMAC",
            ...KEYS,
            Expiration: "2020-04-02T00:49:51Z",
          },
          undefined,
          "\t",
        ),
      ),
      [REGION]: go(200, "us-east-1"),
      otherwise: goError(404),
    },
    byDefault: {
      provider: { roleName: "baskinc-role", expiration: "2020-04-02T00:49:51.000Z" },
      region: "us-east-1",
      doctor: { "session token": "ok", role: "ok", credentials: "fail", region: "ok" },
    },
  },
  "fake-ec2-metadata-service: long-term keys, no session token in the document": {
    answers: {
      [`GET ${LIST}`]: sinatra(200, "default"),
      [`GET ${LIST}default`]: sinatra(
        200,
        `{\n    "Code": "Success",\n    "Type": "AWS-HMAC",\n    "AccessKeyId": "${KEYS.AccessKeyId}",\n    "SecretAccessKey": "${KEYS.SecretAccessKey}",\n    "Expiration": "${EXPIRATION}"\n}\n`,
      ),
      otherwise: sinatra(404, "<h2>Sinatra doesn&rsquo;t know this ditty.</h2>"),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { code: "INVALID_RESPONSE", says: /field Token/ },
      region: NO_REGION,
      doctor: { "session token": "warning", credentials: "fail" },
    },
  },
  "aws-mock-metadata: neither Type nor LastUpdated": {
    answers: {
      [`GET ${LIST}`]: pythonHttp(200, "local-credentials"),
      [`GET ${LIST}local-credentials`]: pythonHttp(
        200,
        JSON.stringify({ Code: "Success", ...KEYS, Expiration: EXPIRATION }),
      ),
      [IDENTITY]: pythonHttp(200, '{"kernelId": null, "region": "us-east-1"}'),
      otherwise: pythonHttp(404, "Not found"),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { roleName: "local-credentials", expiration: EXPIRES },
      region: "us-east-1",
      doctor: { role: "ok", credentials: "ok", region: "ok" },
    },
  },
  "Python's http.server without a method for PUT: 501": {
    answers: {
      [PUT]: pythonHttp(501, "<p>Message: Unsupported method ('PUT').</p>"),
      [`GET ${LIST}`]: pythonHttp(200, "mock-role\n"),
      [`GET ${LIST}mock-role`]: pythonHttp(
        200,
        JSON.stringify({ ...KEYS, Expiration: "2099-12-31T23:59:59+00:00" }),
      ),
      [REGION]: pythonHttp(200, "eu-west-1\n"),
      otherwise: pythonHttp(404, "Nothing matches the given URI"),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { roleName: "mock-role", expiration: EXPIRES },
      region: "eu-west-1",
      doctor: { "session token": "warning", role: "ok", credentials: "ok", region: "ok" },
    },
  },
  "a mock in Java: an offset without colon, Code in capitals, the account as a number, all in chunks": {
    answers: {
      [PUT]: chunked(`${TOKEN}\r\n`),
      [`GET ${LIST}`]: chunked("\r\n  app@prod  \r\nsecond-role\r\n"),
      [`GET ${LIST}app@prod`]: chunked(
        JSON.stringify({
          Code: "SUCCESS",
          ...KEYS,
          Expiration: "2100-01-01T01:29:59.000+0130",
          AccountId: 123456789012,
        }),
      ),
      [REGION]: chunked("\n eu-south-2 \n"),
      otherwise: goError(404),
    },
    byDefault: {
      provider: { roleName: "app@prod", expiration: EXPIRES },
      region: "eu-south-2",
      doctor: { "session token": "ok", role: "ok", credentials: "ok", region: "ok" },
    },
    asks: [PUT, `GET ${LIST}`, `GET ${LIST}app@prod`],
  },
  "OpenStack: EC2's metadata without roles, tokens and Region": {
    answers: {
      "GET /latest/meta-data/": go(200, "ami-id\nhostname\ninstance-id\nplacement/\n"),
      "GET /latest/meta-data/placement/availability-zone": go(200, "nova"),
      otherwise: flaskError(404),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { code: "NO_ROLE_ATTACHED" },
      region: NO_REGION,
      doctor: { "session token": "warning", "instance profile": "fail", region: "warning" },
    },
  },
  "a login page in the place of everything": {
    answers: { otherwise: flask(200, "<!doctype html><title>Sign in</title>\n") },
    byDefault: {
      provider: { code: "INVALID_RESPONSE" },
      region: { code: "INVALID_RESPONSE", says: /AWS_REGION/ },
      doctor: { connection: "fail", "session token": "skipped" },
    },
  },
  "a role list that is JSON": {
    answers: {
      [PUT]: flask(200, TOKEN, "text/plain"),
      [`GET ${LIST}`]: flaskJson(["app-role"]),
      otherwise: flaskError(404),
    },
    byDefault: {
      provider: { code: "INVALID_RESPONSE" },
      region: NO_REGION,
      doctor: { connection: "fail", role: "skipped" },
    },
  },
};
