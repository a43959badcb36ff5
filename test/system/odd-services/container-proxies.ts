import { EXPIRES, KEYS, NEEDS_IMDSV1, NO_REGION, type OddService, TOKEN } from "./expectations.js";
import { ec2, ec2Error, flask, flaskError, flaskJson, go, goError, goJson } from "./wire-forms.js";

const LIST = "/latest/meta-data/iam/security-credentials/";
const PUT = "PUT /latest/api/token";
const REGION = "GET /latest/meta-data/placement/region";
const IDENTITY = "GET /latest/dynamic/instance-identity/document";

const LIFETIME = { LastUpdated: "2026-01-01T00:00:00Z", Expiration: "2099-12-31T23:59:59Z" };
const DOCUMENT = { ...KEYS, Code: "Success", ...LIFETIME, Type: "AWS-HMAC" };

/** The token and everything but the role comes from EC2 itself. */
const EC2_BEHIND = {
  [PUT]: ec2(200, TOKEN, { "X-Aws-Ec2-Metadata-Token-Ttl-Seconds": "21600" }),
  [REGION]: ec2(200, "eu-central-1"),
  "GET /latest/meta-data/": ec2(200, "ami-id\niam/\ninstance-id\nplacement/"),
  otherwise: ec2Error(404),
} as const;

const EC2WS = { Server: "EC2ws" };
const ARN = "arn:aws:iam::210987654321:role/team/app";
const WITH_PATH = "team/app";
const METADATAPROXY_DOCUMENT = flaskJson(DOCUMENT);

/** Proxies that give each container or pod a role of its own. */
export const CONTAINER_PROXIES: Readonly<Record<string, OddService>> = {
  "kube2iam: a role of its base ARN": {
    answers: {
      ...EC2_BEHIND,
      [`GET ${LIST}`]: go(200, "app-role", EC2WS),
      [`GET ${LIST}app-role`]: goJson(DOCUMENT, EC2WS),
    },
    byDefault: {
      provider: { roleName: "app-role", expiration: EXPIRES },
      region: "eu-central-1",
      doctor: { "session token": "ok", role: "ok", credentials: "ok", region: "ok" },
    },
  },
  "kube2iam: a role of another account, listed by its ARN": {
    answers: {
      ...EC2_BEHIND,
      [`GET ${LIST}`]: go(200, ARN, EC2WS),
      [`GET ${LIST}${ARN}`]: goJson(DOCUMENT, EC2WS),
    },
    byDefault: {
      provider: { roleName: ARN, expiration: EXPIRES },
      region: "eu-central-1",
      doctor: { role: "ok", credentials: "ok" },
    },
    asks: [PUT, `GET ${LIST}`, `GET ${LIST}arn%3Aaws%3Aiam%3A%3A210987654321%3Arole%2Fteam%2Fapp`],
  },
  "kube2iam: a pod without a role": {
    answers: {
      ...EC2_BEHIND,
      [`GET ${LIST}`]: goError(404, "unable to find role for IP 10.0.0.7"),
    },
    byDefault: {
      provider: { code: "NO_ROLE_ATTACHED" },
      region: "eu-central-1",
      doctor: { "session token": "ok", "instance profile": "fail", credentials: "skipped", region: "ok" },
    },
  },
  "kube2iam: a configured role that is not the pod's": {
    answers: { ...EC2_BEHIND, [`GET ${LIST}other`]: goError(403, "Invalid role other") },
    options: { roleName: "other" },
    byDefault: {
      provider: { code: "IMDS_FORBIDDEN", says: /kube2iam/ },
      region: "eu-central-1",
      doctor: { "session token": "ok", credentials: "fail" },
    },
    asks: [PUT, `GET ${LIST}other`],
  },
  "kube2iam: a role that it must not assume": {
    answers: {
      ...EC2_BEHIND,
      [`GET ${LIST}`]: go(200, "app-role", EC2WS),
      [`GET ${LIST}app-role`]: goError(500, "AccessDenied: not authorized to perform: sts:AssumeRole"),
    },
    byDefault: {
      provider: { code: "SERVER_ERROR" },
      region: "eu-central-1",
      doctor: { "session token": "ok", credentials: "fail" },
    },
  },
  "kube2iam: EC2 refuses the token's PUT, as it was forwarded": {
    answers: {
      ...EC2_BEHIND,
      [PUT]: ec2Error(403),
      [`GET ${LIST}`]: go(200, "app-role", EC2WS),
      [`GET ${LIST}app-role`]: goJson(DOCUMENT, EC2WS),
    },
    byDefault: {
      provider: { code: "IMDS_FORBIDDEN", says: /kube2iam/ },
      region: { code: "IMDS_FORBIDDEN", says: /AWS_REGION/ },
      doctor: { connection: "ok", "session token": "fail", credentials: "skipped" },
    },
    withImdsV1: {
      provider: { roleName: "app-role", expiration: EXPIRES },
      region: "eu-central-1",
      doctor: { "session token": "warning", role: "ok", credentials: "ok", region: "ok" },
    },
  },
  "kiam: its list of allowed routes is empty": {
    answers: {
      [`GET ${LIST}`]: go(200, "app-role"),
      [`GET ${LIST}app-role`]: goJson(DOCUMENT),
      otherwise: goError(404, 'request blocked by whitelist-route-regexp "^$": /latest/…'),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { roleName: "app-role", expiration: EXPIRES },
      region: NO_REGION,
      doctor: { "session token": "warning", role: "ok", credentials: "ok", region: "warning" },
    },
  },
  "kiam: a pod without a role": {
    answers: { ...EC2_BEHIND, [`GET ${LIST}`]: goError(404, "empty role") },
    byDefault: {
      provider: { code: "NO_ROLE_ATTACHED" },
      region: "eu-central-1",
      doctor: { "session token": "ok", "instance profile": "fail", role: "skipped" },
    },
  },
  "kiam: its policy forbids the role": {
    answers: {
      ...EC2_BEHIND,
      [`GET ${LIST}`]: go(200, "app-role"),
      [`GET ${LIST}app-role`]: goError(500, "error fetching credentials: forbidden by policy"),
    },
    byDefault: {
      provider: { code: "SERVER_ERROR" },
      region: "eu-central-1",
      doctor: { "session token": "ok", credentials: "fail" },
    },
  },
  "metadataproxy: a role with a path; it passes every status of EC2 on as 200": {
    answers: {
      [PUT]: flaskError(405),
      [`GET ${LIST}`]: flask(200, WITH_PATH),
      [`GET ${LIST}${WITH_PATH}`]: METADATAPROXY_DOCUMENT,
      otherwise: flask(200, "<?xml version='1.0'?>\n<html><title>401 - Unauthorized</title></html>"),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { roleName: WITH_PATH, expiration: EXPIRES },
      region: { code: "INVALID_RESPONSE", says: /Region.*AWS_REGION/s },
      doctor: { "session token": "warning", role: "ok", credentials: "ok", region: "warning" },
    },
    asks: [PUT, `GET ${LIST}`, `GET ${LIST}team%2Fapp`],
  },
  "metadataproxy: mocked metadata, the Region in the identity document alone": {
    answers: {
      [PUT]: flaskError(405),
      [`GET ${LIST}`]: flask(200, "app-role"),
      [`GET ${LIST}app-role`]: METADATAPROXY_DOCUMENT,
      [IDENTITY]: flaskJson({ kernelId: null, accountId: "1234", region: "us-east-1" }),
      otherwise: flaskError(404),
    },
    byDefault: NEEDS_IMDSV1,
    withImdsV1: {
      provider: { roleName: "app-role", expiration: EXPIRES },
      region: "us-east-1",
      doctor: { role: "ok", credentials: "ok", region: "ok" },
    },
  },
};
