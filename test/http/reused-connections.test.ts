import { afterEach, describe, expect, test, vi } from "vitest";
import { failureOf } from "../support/failure.js";
import { SECRETS } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import {
  answer,
  cutHeaders,
  hangUp,
  issueToken,
  listRole,
  reset,
  serveDocument,
  text,
} from "../support/scripted-replies.js";
import type { Reply, ScriptedServer } from "../support/scripted-server.js";
import { scriptedServer } from "../support/scripted-server.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

const PATH = "/latest/meta-data/hostname";

/** Which connection each request came over, by step. */
const connections = (imds: ScriptedServer) =>
  imds.requests.map(({ step, connection }) => `${step} ${connection}`);

describe("a request on a reused connection that the service had closed silently is sent again, without a retry", () => {
  test.each<[string, Reply]>([
    ["by a reset", reset],
    ["in good order", hangUp],
  ])("closed %s", async (_, close) => {
    await using imds = await scriptedServer({
      role: [close, listRole()],
      credentials: [close, serveDocument()],
    });
    expect((await providerAt(imds, { maxRetries: 0 })()).accessKeyId).toBe(SECRETS.accessKeyId);
    expect(connections(imds)).toEqual(["token 1", "role 1", "role 2", "credentials 2", "credentials 3"]);
  });

  test("closed after every response", async () => {
    const andClose =
      (reply: Reply): Reply =>
      (exchange) => {
        exchange.response.once("finish", () => exchange.socket.end());
        reply(exchange);
      };
    await using imds = await scriptedServer({
      token: [andClose(issueToken)],
      role: [andClose(listRole())],
      credentials: [andClose(serveDocument())],
    });
    const provider = providerAt(imds, { maxRetries: 0 });
    for (let i = 0; i < 5; i++) {
      expect((await provider({ forceRefresh: true })).accessKeyId).toBe(SECRETS.accessKeyId);
    }
  });

  test("over TLS", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await using imds = await scriptedServer({ role: [hangUp, listRole()] }, "127.0.0.1", "https");
    expect((await providerAt(imds, { maxRetries: 0 })()).accessKeyId).toBe(SECRETS.accessKeyId);
    expect(connections(imds)).toEqual(["token 1", "role 1", "role 2", "credentials 2"]);
  });

  test("if several connections are kept and all of them were closed", async () => {
    const waiting: (() => void)[] = [];
    await using imds = await scriptedServer();
    const inConcert: Reply = ({ response }) => {
      waiting.push(() => response.end("x"));
      if (waiting.length === 4) for (const respond of waiting.slice(1)) respond();
    };
    imds.play("metadata", inConcert, inConcert, inConcert, inConcert, hangUp, text("fresh"));
    const client = clientAt(imds, { maxRetries: 0 });
    // The first keeps the connections of the others open, three of them unused.
    const reads = Array.from({ length: 4 }, () => client.get(PATH));
    await Promise.race(reads);
    await Promise.resolve();
    expect(await client.get(PATH)).toBe("fresh");
    waiting[0]?.();
    await Promise.all(reads);
    expect(imds.requests.at(-1)?.connection).toBe(5);
  });
});

describe("it is not sent again", () => {
  test("a second time", async () => {
    await using imds = await scriptedServer({ role: [hangUp] });
    const error = await failureOf(providerAt(imds, { maxRetries: 0 })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "role", attempts: 1 });
    expect(imds.count("role")).toBe(2);
  });

  test("on a new connection", async () => {
    await using imds = await scriptedServer({ token: [reset] });
    const error = await failureOf(providerAt(imds, { maxRetries: 0 })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "token", attempts: 1 });
    expect(imds.count("token")).toBe(1);
  });

  test.each<[string, Reply]>([
    ["headers had begun", cutHeaders],
    ["a status had come", answer(418)],
  ])("once %s", async (_, reply) => {
    await using imds = await scriptedServer({ role: [reply] });
    await failureOf(providerAt(imds, { maxRetries: 0 })());
    expect(imds.count("role")).toBe(1);
  });
});
