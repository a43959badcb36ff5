import { describe, expect, test } from "vitest";
import { failureOf } from "../support/failure.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import {
  answer,
  cutHeaders,
  hang,
  issueToken,
  listRole,
  raw,
  text,
  thenGone,
} from "../support/scripted-replies.js";
import type { Script, ScriptedServer, Step } from "../support/scripted-server.js";
import { deadEndpoint, scriptedServer } from "../support/scripted-server.js";

// What becomes of each fault on each step is in the fault matrix (test/system/fault-matrix). Here is what a table of
// faults and steps cannot have.

const STEPS: readonly Step[] = ["token", "role", "credentials", "metadata"];

/** A call that gets as far as `step`. */
const reach = (step: Step, imds: ScriptedServer) =>
  step === "metadata" ? clientAt(imds).get("/latest/meta-data/hostname") : providerAt(imds)();

describe("a service that cannot be reached", () => {
  test("because no service listens there", async () => {
    const error = await failureOf(providerAt({ endpoint: await deadEndpoint() })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "token", attempts: 1 });
  });

  test("because the address leads nowhere is tried once", async () => {
    // Port 0 is no address to connect to; the system refuses it without sending anything.
    const error = await failureOf(providerAt({ endpoint: "http://127.0.0.1:0" }, { maxRetries: 3 })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "token", attempts: 1, tryNextLink: true });
  });

  test.each(STEPS)("because it stops listening before the step %s is tried once", async (step) => {
    const before: Readonly<Record<Step, Script>> = {
      token: {},
      role: { token: [thenGone(issueToken)] },
      credentials: { role: [thenGone(listRole())] },
      metadata: { token: [thenGone(issueToken)] },
    };
    await using imds = await scriptedServer(before[step]);
    if (step === "token") await imds[Symbol.asyncDispose]();
    const error = await failureOf(reach(step, imds));
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step, attempts: 1, tryNextLink: true });
    expect(error.statusCode).toBeUndefined();
    expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
    expect(imds.count(step)).toBe(0);
  });
});

describe("the status of an error is that of the last attempt's response", () => {
  test("and undefined if the last attempt got none", async () => {
    await using imds = await scriptedServer({ role: [answer(500), hang] });
    const error = await failureOf(providerAt(imds, { maxRetries: 1, timeout: 500 })());
    expect(error).toMatchObject({ code: "IMDS_TIMEOUT", attempts: 2 });
    expect(error.statusCode).toBeUndefined();
  });

  test("also after an earlier attempt that got none", async () => {
    await using imds = await scriptedServer({ role: [hang, answer(500)] });
    const error = await failureOf(providerAt(imds, { maxRetries: 1, timeout: 500 })());
    expect(error).toMatchObject({ code: "SERVER_ERROR", attempts: 2, statusCode: 500 });
  });

  test("and 200 if its body cannot be used", async () => {
    await using imds = await scriptedServer({ credentials: [answer(503), text("<html>")] });
    const error = await failureOf(providerAt(imds, { maxRetries: 1 })());
    expect(error).toMatchObject({ code: "INVALID_RESPONSE", attempts: 2, statusCode: 200 });
  });
});

test("an empty body of other metadata is its value", async () => {
  await using imds = await scriptedServer({ metadata: [text("")] });
  expect(await clientAt(imds).get("/latest/meta-data/tags/instance/empty")).toBe("");
});

describe("responses that are not proper HTTP", () => {
  test.each([
    ["headers that end in the middle", cutHeaders],
    ["headers that are too long", raw(`HTTP/1.1 200 OK\r\nX-Long: ${"x".repeat(100_000)}\r\n\r\n`)],
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

test("forty concurrent reads of a service that accepts every connection and never responds all time out", async () => {
  await using imds = await scriptedServer({ metadata: [hang] });
  const client = clientAt(imds, { maxRetries: 0, timeout: 500 });
  const reads = Array.from({ length: 40 }, () => failureOf(client.get("/latest/meta-data/hostname")));
  const codes = (await Promise.all(reads)).map(({ code }) => code);
  expect(new Set(codes)).toEqual(new Set(["IMDS_TIMEOUT"]));
});
