// A program: goes through every way of success and failure, and writes everything down that an application could
// log of it. The secrets that were issued go into the file that its first argument names. Its second argument,
// if there is one, is a leak to plant.

import { subscribe } from "node:diagnostics_channel";
import { writeFileSync } from "node:fs";
import { inspect } from "node:util";
import type { InstanceRoleOptions } from "../../../src/index.js";
import {
  fromInstanceRole,
  InstanceMetadataClient,
  instanceRegion,
  REFRESH_CHANNEL,
} from "../../../src/index.js";
import type { MockFault, MockStep } from "../../../src/testing/index.js";
import { createMockImds } from "../../../src/testing/index.js";

const [, , secretsFile = "", plant] = process.argv;
const PASSWORD = "correct-horse-battery-staple";
const secrets = new Set([PASSWORD]);
const imds = createMockImds();
const listener = await imds.listen();

const FULL = { showHidden: true, depth: Number.POSITIVE_INFINITY, getters: true, maxStringLength: null };

/** Writes a value as inspection, JSON, a clone and a string show it. */
function show(title: string, value: unknown): void {
  console.log(title, inspect(value, FULL));
  console.log(String(value), JSON.stringify(value));
  if (typeof value !== "function") console.error(inspect(structuredClone(value), FULL));
  if (value instanceof Error) console.error(value, value.stack, { ...value });
}

const write = (...args: unknown[]) => console.log("logger:", ...args.map((arg) => inspect(arg, FULL)));
const logger = { trace: write, debug: write, info: write, warn: write, error: write };
const base: InstanceRoleOptions = { endpoint: listener.endpoint, logger, shared: false, maxRetries: 0 };
subscribe(REFRESH_CHANNEL, (event) => show("event", event));

function noteSecrets(): void {
  const { secretAccessKey, sessionToken } = imds.credentials ?? {};
  for (const secret of [secretAccessKey, sessionToken]) if (secret) secrets.add(secret);
  for (const { headers } of imds.requests) {
    const token = headers["x-aws-ec2-metadata-token"];
    // A scenario may serve a document as a token, whose secrets are known already, or a few words.
    if (token && !token.startsWith("{") && token.length > 20) secrets.add(token);
  }
}

/** Makes a call and shows how it failed; what it brings is a secret itself. */
async function attempt(title: string, call: () => Promise<unknown>): Promise<void> {
  noteSecrets();
  await call().catch((error: unknown) => show(`${title} failed:`, error));
  noteSecrets();
}

/** A first load, then a refresh with cached credentials, then metadata: each under the same fault. */
async function goThrough(title: string, fault?: MockFault): Promise<void> {
  const silent = fault?.mode === "hang" || fault?.mode === "drip";
  const options = { ...base, timeout: silent ? 30 : 1000 };
  const apply = () => fault && imds.fail({ times: Number.POSITIVE_INFINITY, ...fault });
  imds.reset();
  apply();
  const starting = fromInstanceRole(options);
  await attempt(`${title}: first load`, starting);
  await attempt(`${title}: first load, held`, starting);
  show(`${title}: status`, starting.status());
  show(`${title}: provider`, starting);

  imds.reset();
  const running = fromInstanceRole(options);
  await attempt(`${title}: before`, running);
  imds.rotate();
  apply();
  await attempt(`${title}: refresh`, () => running({ forceRefresh: true }));
  running.invalidate(imds.credentials?.accessKeyId ?? "");
  await attempt(`${title}: invalidated`, running);
  show(`${title}: status`, running.status());
  show(`${title}: provider`, running);

  const client = new InstanceMetadataClient(options);
  await attempt(`${title}: region`, instanceRegion(options));
  await attempt(`${title}: document`, () => client.identityDocument());
  await attempt(`${title}: info`, () => client.iamInfo());
  await attempt(`${title}: path`, () => client.get("/latest/meta-data/iam/security-credentials/mock-role"));
  show(`${title}: client`, client);
  starting.close();
  running.close();
}

const STEPS: readonly MockStep[] = ["token", "role", "credentials", "metadata"];
const document = (): string => {
  const {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
  } = imds.credentials ?? {};
  return JSON.stringify({
    Code: "Success",
    AccessKeyId,
    SecretAccessKey,
    Token,
    Expiration: "2099-01-01T00:00:00Z",
  });
};
const refusal = (): string => {
  const { secretAccessKey, sessionToken } = imds.credentials ?? {};
  const Message = `cannot use ${sessionToken} with ${secretAccessKey}`;
  return JSON.stringify({ ...JSON.parse(document()), Code: "AssumeRoleUnauthorizedAccess", Message });
};
const lastToken = (): string =>
  imds.requests
    .map(({ headers }) => headers["x-aws-ec2-metadata-token"])
    .findLast(Boolean)
    ?.toString() ?? "";

/** Breaks JSON in the middle of a value, where a parser quotes what is around. */
const brokenWithin =
  (field: string, by: string) =>
  (body: string): string =>
    body.replace(new RegExp(`("${field}"\\s*:\\s*"[^"]{9})`), `$1${by}`);

const refusalWith = (Message: string, Code = "AssumeRoleUnauthorizedAccess"): string =>
  JSON.stringify({ ...JSON.parse(document()), Code, Message });

/** Bodies that a parser, a check or an error message would quote, and echoes of secrets. */
const BODIES: readonly MockFault["body"][] = [
  ...["AccessKeyId", "SecretAccessKey", "Token"].flatMap((field) => [
    brokenWithin(field, '"'),
    brokenWithin(field, "\u0001"),
    brokenWithin(field, "\\"),
    (body: string) => brokenWithin(field, '"')(body || document()),
  ]),
  () => lastToken(),
  () => lastToken().slice(0, -1),
  () => `role-${lastToken().slice(1)}`,
  () => refusalWith(`bad token ${lastToken()}`),
  () => refusalWith(`bad token ${lastToken().slice(0, -1)}`),
  () => refusalWith("", lastToken()),
  () => refusalWith("", imds.credentials?.sessionToken),
  () => refusalWith(`not ${imds.credentials?.sessionToken?.slice(10, 40)}`),
  (body) => body.slice(0, -3),
  (body) => `${body}${body}`,
  (body) => `x${body}`,
  (body) => `${body}\u00e9 \u0007`,
  (body) => JSON.stringify([body]),
  (body) => body.repeat(2000),
  () => document(),
  () => document().replace(/"Expiration":"[^"]*"/, `"Expiration":${JSON.stringify(document())}`),
  () => document().replace('"Code":"Success",', ""),
  () => refusal(),
  "",
];

await goThrough("success");
if (plant === "in the log") logger.warn(`the answer was ${document().slice(0, 120)}`);
if (plant === "in an error's cause") {
  show("planted", new Error("failed", { cause: { request: { headers: imds.requests.at(-1)?.headers } } }));
}
if (plant === "in a hidden property") {
  show("planted", Object.defineProperty({}, "set", { value: imds.credentials }));
}
for (const on of plant === undefined ? STEPS : []) {
  for (const status of [302, 400, 401, 403, 404, 405, 418, 429, 500, 503]) {
    await goThrough(`${status} on ${on}`, { on, status, body: () => document() });
  }
  for (const body of BODIES) await goThrough(`body ${body} on ${on}`, { on, body });
  for (const mode of ["reset", "hang", "drip", "truncate"] as const)
    await goThrough(`${mode} on ${on}`, { on, mode });
}

imds.reset();
const { host } = new URL(listener.endpoint);
for (const endpoint of [`http://user:${PASSWORD}@${host}`, `ftp://user:${PASSWORD}@${host}`]) {
  await attempt("endpoint option", async () => fromInstanceRole({ ...base, endpoint }));
  process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = endpoint;
  await attempt("endpoint variable", fromInstanceRole({ logger }));
  delete process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
}

await listener.close();
writeFileSync(secretsFile, JSON.stringify([...secrets]));
