import { describe, expect, test } from "vitest";
import type { InstanceMetadataErrorCode } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import {
  answer,
  cutHeaders,
  dripBody,
  dripHeaders,
  endlessBody,
  hang,
  hangUp,
  issueToken,
  listRole,
  notHttp,
  raw,
  reset,
  resetInBody,
  serveDocument,
  text,
  thenGone,
  truncated,
  unendedChunks,
} from "../support/scripted-replies.js";
import type { Reply, Script, ScriptedServer, Step } from "../support/scripted-server.js";
import { deadEndpoint, scriptedServer } from "../support/scripted-server.js";

const STEPS: readonly Step[] = ["token", "role", "credentials", "metadata"];

/** What a fault comes to: one code for every step, or one that depends on it. */
type Code = InstanceMetadataErrorCode;
type CodeByStep = Code | Readonly<Record<Step, Code>>;

const GOOD: Readonly<Record<Step, Reply>> = {
  token: issueToken,
  role: listRole(),
  credentials: serveDocument(),
  metadata: text("some metadata"),
};

interface Fault {
  readonly name: string;
  readonly reply: Reply;
  readonly code: CodeByStep;
  readonly statusCode?: number;
  /** Too short for the fault to end before it, long enough for the good answers on the way to it. */
  readonly timeout?: number;
}

/** What may be over soon: sent again, `maxRetries` times. */
const RETRIED: readonly Fault[] = [
  { name: "the connection is reset", reply: reset, code: "IMDS_UNREACHABLE" },
  { name: "the connection is closed without an answer", reply: hangUp, code: "IMDS_UNREACHABLE" },
  { name: "no answer ever", reply: hang, code: "IMDS_TIMEOUT", timeout: 500 },
  { name: "dripped headers", reply: dripHeaders, code: "IMDS_TIMEOUT", timeout: 500 },
  { name: "a dripped body", reply: dripBody, code: "IMDS_TIMEOUT", timeout: 500 },
  { name: "a body that is cut short", reply: truncated, code: "INVALID_RESPONSE" },
  { name: "a chunked body without an end", reply: unendedChunks, code: "INVALID_RESPONSE" },
  { name: "a reset in the body", reply: resetInBody, code: "INVALID_RESPONSE" },
  { name: "an answer that is not HTTP", reply: notHttp, code: "INVALID_RESPONSE" },
  { name: "429", reply: answer(429), code: "THROTTLED", statusCode: 429 },
  { name: "500", reply: answer(500), code: "SERVER_ERROR", statusCode: 500 },
  { name: "502", reply: answer(502), code: "SERVER_ERROR", statusCode: 502 },
  { name: "503", reply: answer(503), code: "THROTTLED", statusCode: 503 },
  { name: "504", reply: answer(504), code: "SERVER_ERROR", statusCode: 504 },
];

const byStep = (token: Code, role: Code, credentials: Code, metadata: Code): CodeByStep => ({
  token,
  role,
  credentials,
  metadata,
});

/** What would be the same again: sent once. */
const FINAL: readonly Fault[] = [
  {
    name: "400",
    reply: answer(400),
    code: byStep("TOKEN_REJECTED", "SERVER_ERROR", "SERVER_ERROR", "SERVER_ERROR"),
    statusCode: 400,
  },
  { name: "403", reply: answer(403), code: "IMDS_FORBIDDEN", statusCode: 403 },
  {
    name: "405",
    reply: answer(405),
    code: byStep("TOKEN_UNSUPPORTED", "SERVER_ERROR", "SERVER_ERROR", "SERVER_ERROR"),
    statusCode: 405,
  },
  { name: "418", reply: answer(418), code: "SERVER_ERROR", statusCode: 418 },
  { name: "204", reply: answer(204), code: "SERVER_ERROR", statusCode: 204 },
  { name: "301", reply: answer(301, "", { location: "/" }), code: "SERVER_ERROR", statusCode: 301 },
  { name: "302", reply: answer(302, "", { location: "/" }), code: "SERVER_ERROR", statusCode: 302 },
  { name: "307", reply: answer(307, "", { location: "/" }), code: "SERVER_ERROR", statusCode: 307 },
  { name: "308 without a location", reply: answer(308), code: "SERVER_ERROR", statusCode: 308 },
  {
    name: "101 and another protocol",
    reply: raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"),
    code: "SERVER_ERROR",
    statusCode: 101,
  },
  { name: "an endless body", reply: endlessBody(), code: "INVALID_RESPONSE", statusCode: 200 },
  { name: "an endless body of an error", reply: endlessBody(418), code: "SERVER_ERROR", statusCode: 418 },
];

const codeAt = (code: CodeByStep, step: Step): Code => (typeof code === "string" ? code : code[step]);

/** Does what comes as far as `step`: a load of credentials, or a read of other metadata. */
const reach = (step: Step, imds: ScriptedServer, options: { timeout?: number; maxRetries: number }) =>
  step === "metadata"
    ? clientAt(imds, options).get("/latest/meta-data/hostname")
    : providerAt(imds, options)();

const script = (step: Step, ...replies: readonly Reply[]): Script => ({ [step]: replies });

describe.concurrent.each(STEPS)("at the step %s", (step) => {
  test.each(RETRIED)("$name for ever: sent again, then told", async (fault) => {
    await using imds = await scriptedServer(script(step, fault.reply));
    const { timeout = 10_000 } = fault;
    const error = await failureOf(reach(step, imds, { timeout, maxRetries: 1 }));
    expect(error).toMatchObject({
      code: codeAt(fault.code, step),
      step: step,
      attempts: 2,
      tryNextLink: true,
    });
    if (fault.statusCode !== undefined) expect(error.statusCode).toBe(fault.statusCode);
    expect(imds.count(step)).toBe(2);
  });

  test.each(RETRIED)("$name once: the next attempt succeeds", async ({ reply, timeout = 10_000 }) => {
    await using imds = await scriptedServer(script(step, reply, GOOD[step]));
    await reach(step, imds, { timeout, maxRetries: 2 });
    expect(imds.count(step)).toBe(2);
  });

  test.each(FINAL)("$name: told at once, not sent again", async ({ reply, code, statusCode }) => {
    await using imds = await scriptedServer(script(step, reply));
    const error = await failureOf(reach(step, imds, { maxRetries: 3 }));
    expect(error).toMatchObject({
      code: codeAt(code, step),
      step: step,
      attempts: 1,
      statusCode,
      tryNextLink: true,
    });
    expect(imds.count(step)).toBe(1);
  });

  test("a refused connection: told at once, not tried again", async () => {
    const before: Readonly<Record<Step, Script>> = {
      token: {},
      role: { token: [thenGone(issueToken)] },
      credentials: { role: [thenGone(listRole())] },
      metadata: { token: [thenGone(issueToken)] },
    };
    await using imds = await scriptedServer(before[step]);
    if (step === "token") await imds[Symbol.asyncDispose]();
    const error = await failureOf(reach(step, imds, { maxRetries: 3 }));
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: step, attempts: 1, tryNextLink: true });
    expect(error.statusCode).toBeUndefined();
    expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
    expect(imds.count(step)).toBe(0);
  });
});

describe("what differs from step to step", () => {
  test("401 on the token's PUT is an odd status", async () => {
    await using imds = await scriptedServer({ token: [answer(401)] });
    const error = await failureOf(providerAt(imds)());
    expect(error).toMatchObject({ code: "SERVER_ERROR", step: "token", statusCode: 401, attempts: 1 });
    expect(imds.steps).toEqual(["token"]);
  });

  test.each(["role", "credentials", "metadata"] as const)("401 for ever at the step %s", async (step) => {
    await using imds = await scriptedServer(script(step, answer(401)));
    const error = await failureOf(reach(step, imds, { maxRetries: 3 }));
    expect(error).toMatchObject({ code: "UNAUTHORIZED", step: step, statusCode: 401, tryNextLink: true });
    expect(imds.count(step)).toBe(2);
    expect(imds.count("token")).toBe(2);
  });

  test.each([
    ["token", "TOKEN_UNSUPPORTED"],
    ["role", "NO_ROLE_ATTACHED"],
    ["metadata", "NOT_FOUND"],
  ] as const)("404 at the step %s is %s", async (step, code) => {
    await using imds = await scriptedServer(script(step, answer(404)));
    const error = await failureOf(reach(step, imds, { maxRetries: 3 }));
    expect(error).toMatchObject({ code, step: step, statusCode: 404, attempts: 1, tryNextLink: true });
    expect(imds.count(step)).toBe(1);
  });

  test.each([
    ["token", "INVALID_RESPONSE"],
    ["role", "NO_ROLE_ATTACHED"],
    ["credentials", "INVALID_RESPONSE"],
  ] as const)("an empty body at the step %s for ever is sent again, then %s", async (step, code) => {
    await using imds = await scriptedServer(script(step, text("")));
    const error = await failureOf(reach(step, imds, { maxRetries: 1 }));
    expect(error).toMatchObject({ code, step: step, attempts: 2, tryNextLink: true });
    expect(imds.count(step)).toBe(2);
  });

  test.each(["token", "role", "credentials"] as const)("an empty body at the step %s once", async (step) => {
    await using imds = await scriptedServer(script(step, text(""), GOOD[step]));
    await reach(step, imds, { maxRetries: 1 });
    expect(imds.count(step)).toBe(2);
  });

  test("an empty body of other metadata is its value", async () => {
    await using imds = await scriptedServer({ metadata: [text("")] });
    expect(await clientAt(imds).get("/latest/meta-data/tags/instance/empty")).toBe("");
  });
});

describe("answers that are broken as HTTP", () => {
  test.each([
    ["headers that end in the middle", cutHeaders],
    ["headers beyond all measure", raw(`HTTP/1.1 200 OK\r\nX-Long: ${"x".repeat(100_000)}\r\n\r\n`)],
    ["a chunk size that is no number", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nwhat?\r\n")],
    ["two different lengths", raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")],
    ["a status that is no number", raw("HTTP/1.1 abc OK\r\n\r\n")],
  ] as const)("%s", async (_, reply) => {
    await using imds = await scriptedServer({ token: [reply] });
    const error = await failureOf(providerAt(imds, { maxRetries: 0 })());
    expect(["INVALID_RESPONSE", "IMDS_UNREACHABLE"]).toContain(error.code);
    expect(error).toMatchObject({ step: "token", attempts: 1, tryNextLink: true });
  });
});

test("forty reads at once of a service that takes every connection and says nothing all time out", async () => {
  await using imds = await scriptedServer({ metadata: [hang] });
  const client = clientAt(imds, { maxRetries: 0, timeout: 500 });
  const reads = Array.from({ length: 40 }, () => failureOf(client.get("/latest/meta-data/hostname")));
  const codes = (await Promise.all(reads)).map(({ code }) => code);
  expect(new Set(codes)).toEqual(new Set(["IMDS_TIMEOUT"]));
});

describe("a service that cannot be reached", () => {
  test("nobody listens", async () => {
    const error = await failureOf(providerAt({ endpoint: await deadEndpoint() })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "token", attempts: 1 });
  });

  test("an address that leads nowhere is tried once", async () => {
    // Port 0 is no address to connect to; the system says so without sending anything.
    const error = await failureOf(providerAt({ endpoint: "http://127.0.0.1:0" }, { maxRetries: 3 })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "token", attempts: 1, tryNextLink: true });
  });
});
