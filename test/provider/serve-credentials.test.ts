import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@aws-sdk/types";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ServedCredentials, ServeOptions } from "../../src/index.js";
import { fromInstanceRole, InstanceMetadataError, serveCredentials } from "../../src/index.js";
import { createMockImds } from "../../src/testing/index.js";

const CREDENTIALS: AwsCredentialIdentity = {
  accessKeyId: "ASIAEXAMPLE000000001",
  secretAccessKey: "secret/key+EXAMPLE",
  sessionToken: "token/EXAMPLE==",
  expiration: new Date("2031-01-02T03:04:05.000Z"),
};

async function served(
  provider: AwsCredentialIdentityProvider = async () => CREDENTIALS,
  options?: ServeOptions,
): Promise<ServedCredentials> {
  const server = await serveCredentials(provider, options);
  onTestFinished(() => server.close());
  return server;
}

/** As a proxied or lazy error may be. */
const errorWithoutReadableCode = (): Error =>
  Object.defineProperty(new Error("a message"), "code", {
    get() {
      throw new TypeError("no code");
    },
  });

const urlOf = ({ env }: ServedCredentials): string => env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? "";
const tokenOf = ({ env }: ServedCredentials): string => env.AWS_CONTAINER_AUTHORIZATION_TOKEN ?? "";

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends what a client would send, but for what is given. */
async function ask(server: ServedCredentials, { method = "GET", path, headers }: Sent = {}) {
  const url = urlOf(server);
  const sent = request(url, { method, headers: { authorization: tokenOf(server), ...headers } });
  if (path !== undefined) sent.path = path;
  sent.end();
  const [response] = await once(sent, "response");
  return { status: response.statusCode as number, headers: response.headers, body: await text(response) };
}

/** Sends bytes as they are, and returns all that comes back. */
async function exchangeBytes(server: ServedCredentials, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(urlOf(server)).port), "127.0.0.1");
  socket.end(bytes);
  return text(socket);
}

describe("a request with the token", () => {
  test("gets the document of the container credentials protocol", async () => {
    const { status, headers, body } = await ask(
      await served(async () => ({ ...CREDENTIALS, accountId: "123456789012" })),
    );

    expect(status).toBe(200);
    expect(headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
    expect(JSON.parse(body)).toEqual({
      AccessKeyId: CREDENTIALS.accessKeyId,
      SecretAccessKey: CREDENTIALS.secretAccessKey,
      Token: CREDENTIALS.sessionToken,
      Expiration: "2031-01-02T03:04:05.000Z",
      AccountId: "123456789012",
    });
  });

  test("gets what the provider returns at that time", async () => {
    let current = CREDENTIALS;
    const server = await served(async () => current);
    await ask(server);
    current = { ...CREDENTIALS, accessKeyId: "ASIAEXAMPLE000000002" };

    expect(JSON.parse((await ask(server)).body)).toMatchObject({ AccessKeyId: "ASIAEXAMPLE000000002" });
  });

  test("gets expired credentials with their true expiration, when the provider has no others", async () => {
    const expiration = new Date(Date.now() - 60_000);
    const { status, body } = await ask(await served(async () => ({ ...CREDENTIALS, expiration })));

    expect(status).toBe(200);
    expect(JSON.parse(body).Expiration).toBe(expiration.toISOString());
  });

  test("is told to ask again in an hour for credentials that do not expire, and gets an empty token for none", async () => {
    const { accessKeyId, secretAccessKey } = CREDENTIALS;
    const before = Date.now();
    const { body } = await ask(await served(async () => ({ accessKeyId, secretAccessKey })));

    const { Expiration, ...others } = JSON.parse(body);
    expect(others).toEqual({ AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: "" });
    expect(Date.parse(Expiration)).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(Date.parse(Expiration)).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  test("shares one fetch with all others that come together", async () => {
    const imds = createMockImds();
    const listener = await imds.listen();
    onTestFinished(() => listener.close());
    const server = await served(fromInstanceRole({ endpoint: listener.endpoint, shared: false }));

    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(server)));

    expect(new Set(answers.map(({ body }) => JSON.parse(body).AccessKeyId))).toEqual(
      new Set([imds.credentials?.accessKeyId]),
    );
    expect(imds.requests.filter(({ step }) => step === "credentials")).toHaveLength(1);
  });
});

describe("403, without asking the provider", () => {
  const cases: readonly [string, (server: ServedCredentials) => Sent][] = [
    ["an empty token", () => ({ headers: { authorization: "" } })],
    [
      "another token of the same length",
      (s) => ({ headers: { authorization: "x".repeat(tokenOf(s).length) } }),
    ],
    ["the beginning of the token", (s) => ({ headers: { authorization: tokenOf(s).slice(0, -1) } })],
    ["a token that goes on", (s) => ({ headers: { authorization: `${tokenOf(s)}x` } })],
    ["the token in upper case", (s) => ({ headers: { authorization: tokenOf(s).toUpperCase() } })],
    [
      "an authorization scheme before the token",
      (s) => ({ headers: { authorization: `Bearer ${tokenOf(s)}` } }),
    ],
    ["a foreign Host", () => ({ headers: { host: "attacker.example" } })],
    [
      "a foreign Host that begins like the address",
      () => ({ headers: { host: "127.0.0.1.attacker.example" } }),
    ],
    [
      "a foreign Host with the address as its user",
      () => ({ headers: { host: "127.0.0.1:1@attacker.example" } }),
    ],
    ["a name for the address", () => ({ headers: { host: "localhost" } })],
    ["POST", () => ({ method: "POST" })],
    ["HEAD", () => ({ method: "HEAD" })],
    ["PUT", () => ({ method: "PUT" })],
    ["OPTIONS", () => ({ method: "OPTIONS" })],
    ["another path", () => ({ path: "/" })],
    ["a path below", (s) => ({ path: `${new URL(urlOf(s)).pathname}/more` })],
    ["a query", (s) => ({ path: `${new URL(urlOf(s)).pathname}?a=b` })],
    ["a URL in the place of the path", (s) => ({ path: urlOf(s) })],
  ];

  test.for(cases)("%s", async ([, sent]) => {
    let calls = 0;
    const server = await served(async () => {
      calls += 1;
      return CREDENTIALS;
    });

    const { status, body } = await ask(server, sent(server));

    expect(status).toBe(403);
    expect(body).not.toContain(CREDENTIALS.accessKeyId);
    expect(calls).toBe(0);
  });

  test("no Authorization header", async () => {
    const answer = await fetch(urlOf(await served()));

    expect(answer.status).toBe(403);
  });

  test.for([
    ["no Host header", "1.1", ""],
    ["no Host header, in HTTP/1.0", "1.0", ""],
    ["an empty Host", "1.1", "Host:\r\n"],
  ])("%s", async ([, version, host]) => {
    const server = await served();
    const { pathname } = new URL(urlOf(server));

    const answer = await exchangeBytes(
      server,
      `GET ${pathname} HTTP/${version}\r\n${host}Authorization: ${tokenOf(server)}\r\n\r\n`,
    );

    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).not.toContain(CREDENTIALS.accessKeyId);
  });
});

describe("a provider that fails", () => {
  const SECRET = "wJalrXUtnFEMI/K7MDENG";
  const failures: readonly [string, unknown, string][] = [
    ["with an error whose message quotes a secret", new Error(`bad: ${SECRET}`), "Error"],
    ["with an error whose code cannot be read", errorWithoutReadableCode(), "Error"],
    ["with an SDK's error", Object.assign(new Error(SECRET), { name: "AccessDenied" }), "AccessDenied"],
    ["with a system error", Object.assign(new Error(SECRET), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    ["with a code that is no word", Object.assign(new Error(SECRET), { code: SECRET }), "Error"],
    ["with a string", SECRET, "Error"],
    ["with nothing", undefined, "Error"],
  ];

  test.for(failures)("%s is 503 that names its code and quotes nothing", async ([, error, code]) => {
    const { status, body } = await ask(await served(() => Promise.reject(error)));

    expect(status).toBe(503);
    expect(JSON.parse(body).Code).toBe(code);
    expect(body).not.toContain(SECRET);
  });

  test("with an error of this library is 503 with its code and message", async () => {
    const error = new InstanceMetadataError("No role is attached.", {
      code: "NO_ROLE_ATTACHED",
      step: "role",
    });
    const { status, body } = await ask(await served(() => Promise.reject(error)));

    expect(status).toBe(503);
    expect(JSON.parse(body)).toEqual({ Code: "NO_ROLE_ATTACHED", Message: error.message });
  });

  test("by throwing is 503", async () => {
    const server = await served(() => {
      throw new TypeError(SECRET);
    });

    expect(await ask(server)).toMatchObject({ status: 503, body: expect.not.stringContaining(SECRET) });
  });

  test.for([
    ["nothing", undefined],
    ["no secret key", { accessKeyId: SECRET }],
    ["an empty key id", { ...CREDENTIALS, accessKeyId: "" }],
    ["a token that is no text", { ...CREDENTIALS, sessionToken: 7 }],
    ["a date that is none", { ...CREDENTIALS, expiration: new Date(Number.NaN) }],
    ["a date as text", { ...CREDENTIALS, expiration: "tomorrow" }],
    ["a value that JSON does not know", { ...CREDENTIALS, accountId: 1n }],
  ])("by returning %s is 503, and the next request is answered", async ([, returned]) => {
    let next: unknown = returned;
    const server = await served(async () => next as AwsCredentialIdentity);

    const first = await ask(server);
    next = CREDENTIALS;

    expect(first.status).toBe(503);
    expect(first.body).not.toContain(SECRET);
    expect((await ask(server)).status).toBe(200);
  });
});

describe("the server", () => {
  test("tells clients where it is in two variables, and its token is another one each time", async () => {
    const [one, other] = [await served(), await served()];

    expect(Object.keys(one.env).sort()).toEqual([
      "AWS_CONTAINER_AUTHORIZATION_TOKEN",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ]);
    expect(new URL(urlOf(one)).hostname).toBe("127.0.0.1");
    expect(tokenOf(one)).toMatch(/^[\w-]{43,}$/);
    expect(tokenOf(one)).not.toBe(tokenOf(other));
    expect((await ask(one, { headers: { authorization: tokenOf(other) } })).status).toBe(403);
  });

  test("listens on 127.0.0.1, and on no other address", async () => {
    const socket = connect(Number(new URL(urlOf(await served())).port), "127.0.0.2");

    await expect(once(socket, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("takes the port that it is given", async () => {
    const first = await served();
    const port = Number(new URL(urlOf(first)).port);
    await first.close();

    expect(new URL(urlOf(await served(undefined, { port }))).port).toBe(String(port));
  });

  test("refuses a port in use with one line that names it", async () => {
    const port = Number(new URL(urlOf(await served())).port);

    await expect(serveCredentials(async () => CREDENTIALS, { port })).rejects.toMatchObject({
      name: "ListenError",
      code: "EADDRINUSE",
      message: expect.stringMatching(new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use.*$`)),
    });
  });

  test.for<[string, unknown, RegExp]>([
    ["a port below 0", { port: -1 }, /^RangeError: port must be/],
    ["a port above 65535", { port: 65536 }, /^RangeError: port must be/],
    ["half a port", { port: 80.5 }, /^RangeError: port must be/],
    ["no number", { port: Number.NaN }, /^RangeError: port must be/],
    ["a port as text", { port: "8080" }, /^TypeError: port must be/],
    ["a host", { host: "0.0.0.0" }, /^TypeError: host is not an option: .*127\.0\.0\.1 only/],
    ["a misspelt option", { Port: 8080 }, /^TypeError: Port is not an option/],
    ["options that are none", 8080, /^TypeError: options must be/],
    ["null", null, /^TypeError: options must be/],
  ])("refuses %s", async ([, options, message]) => {
    const error = await serveCredentials(async () => CREDENTIALS, options as ServeOptions).catch(String);

    expect(error).toMatch(message);
    expect(error).not.toContain("\n");
  });

  test.for([undefined, null, {}, CREDENTIALS, "provider"])("refuses %o for a provider", async (provider) => {
    await expect(serveCredentials(provider as never)).rejects.toThrow(
      /^provider must be a credentials provider/,
    );
  });

  test("ends requests that wait and takes no more once it is closed, however often and in whatever way", async () => {
    let called = () => {};
    const isCalled = new Promise<void>((resolve) => {
      called = resolve;
    });
    const server = await served(() => {
      called();
      return new Promise(() => {});
    });
    const { close } = server;
    const waiting = ask(server).catch(({ code }) => code);
    await isCalled;

    await Promise.all([close(), close(), server[Symbol.asyncDispose]()]);

    expect(await waiting).toBe("ECONNRESET");
    await expect(ask(server)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
