import { afterEach, describe, expect, test, vi } from "vitest";
import type { InstanceMetadataClient } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { answer, issueToken, issueTokenFor, text, tokenNumber } from "../support/scripted-replies.js";
import type { ScriptedServer } from "../support/scripted-server.js";
import { scriptedServer } from "../support/scripted-server.js";

const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const PATH = "/latest/meta-data/hostname";

afterEach(() => {
  vi.useRealTimers();
});

const sentTokens = (imds: ScriptedServer): unknown[] =>
  imds.requests.filter(({ step }) => step === "metadata").map(({ headers }) => headers[TOKEN_HEADER]);

describe("asking for a token", () => {
  test("it is a PUT without a body that names the longest lifetime by default", async () => {
    await using imds = await scriptedServer();
    await clientAt(imds).get(PATH);
    const [put] = imds.requests;
    expect(put).toMatchObject({ method: "PUT", path: "/latest/api/token" });
    expect(put?.headers[TTL_HEADER]).toBe("21600");
    expect(put?.headers[TOKEN_HEADER]).toBeUndefined();
    expect(put?.headers["content-length"] ?? "0").toBe("0");
    expect(put?.headers["transfer-encoding"]).toBeUndefined();
  });

  test.each([1, 300, 21600])("tokenTtlSeconds: %i is requested", async (tokenTtlSeconds) => {
    await using imds = await scriptedServer();
    await clientAt(imds, { tokenTtlSeconds }).get(PATH);
    expect(imds.requests[0]?.headers[TTL_HEADER]).toBe(String(tokenTtlSeconds));
  });

  test("every read carries it", async () => {
    await using imds = await scriptedServer();
    await providerAt(imds)();
    expect(imds.requests.map(({ headers }) => headers[TOKEN_HEADER])).toEqual([
      undefined,
      tokenNumber(1),
      tokenNumber(1),
    ]);
  });

  test("one that is empty is requested again", async () => {
    await using imds = await scriptedServer({ token: [text(" \n"), issueToken] });
    await clientAt(imds, { maxRetries: 1 }).get(PATH);
    expect(imds.steps).toEqual(["token", "token", "metadata"]);
    expect(sentTokens(imds)).toEqual([tokenNumber(2)]);
  });

  test("white space around it is not sent", async () => {
    await using imds = await scriptedServer({ token: [text(" \r\n the-token \r\n")] });
    await clientAt(imds).get(PATH);
    expect(sentTokens(imds)).toEqual(["the-token"]);
  });

  test.each([
    ["a space in it", "one two"],
    ["a line break in it", "one\ntwo: three"],
    ["a carriage return in it", "one\r\nX-Injected: yes"],
    ["a null character in it", "one\u0000two"],
    ["a letter beyond ASCII", "tökén"],
    ["a control character", "one\u007ftwo"],
    ["1025 characters", "t".repeat(1025)],
    ["60 KiB", "t".repeat(60 * 1024)],
  ])("a token with %s is refused at once and never sent", async (_, token) => {
    await using imds = await scriptedServer({ token: [text(token)] });
    const error = await failureOf(clientAt(imds).get(PATH));
    expect(error).toMatchObject({ code: "INVALID_RESPONSE", step: "token", attempts: 1, tryNextLink: true });
    expect(error.message).not.toContain(token);
    expect(imds.steps).toEqual(["token"]);
  });
});

test("a token of 1 KiB is used", async () => {
  const token = "t".repeat(1024);
  await using imds = await scriptedServer({ token: [text(` ${token}\n`)] });
  await clientAt(imds).get(PATH);
  expect(sentTokens(imds)).toEqual([token]);
});

describe("a token is forgotten after a read that the service refuses", () => {
  test.each([400, 402, 403, 405, 406, 410, 418, 422, 429, 431, 451, 499])("with %i", async (status) => {
    await using imds = await scriptedServer({ token: [text("<html>login</html>"), issueToken] });
    const client = clientAt(imds, { maxRetries: 0 });
    imds.play("metadata", answer(status), text("fresh"));
    await failureOf(client.get(PATH));
    expect(await client.get(PATH)).toBe("fresh");
    expect(sentTokens(imds)).toEqual(["<html>login</html>", tokenNumber(2)]);
  });

  test.each(["role", "credentials"] as const)("at the step %s too", async (step) => {
    await using imds = await scriptedServer({ [step]: [answer(431)] });
    const provider = providerAt(imds);
    await failureOf(provider());
    await failureOf(provider({ forceRefresh: true }));
    expect(imds.count("token")).toBe(2);
  });

  test("also where there is none and IMDSv1 is used: the next read requests a token", async () => {
    await using imds = await scriptedServer({ token: [answer(404), issueToken] });
    const client = clientAt(imds, { ec2MetadataV1Disabled: false });
    imds.play("metadata", answer(403), text("fresh"));
    await failureOf(client.get(PATH));
    expect(await client.get(PATH)).toBe("fresh");
    expect(sentTokens(imds)).toEqual([undefined, tokenNumber(2)]);
  });

  test.each([404, 500, 503, 302, 200])("but kept after %i", async (status) => {
    await using imds = await scriptedServer({ metadata: [answer(status)] });
    const client = clientAt(imds, { maxRetries: 0 });
    await client.get(PATH).catch(() => {});
    await client.get(PATH).catch(() => {});
    expect(imds.count("token")).toBe(1);
  });
});

describe("how long a token is used", () => {
  /** The wall clock alone is the test's; sockets and timers run as ever. */
  const clockAt = (at: number) => vi.useFakeTimers({ toFake: ["Date"], now: at });
  const start = Date.UTC(2030, 0, 1);

  async function readAt(client: InstanceMetadataClient, seconds: number): Promise<void> {
    vi.setSystemTime(start + seconds * 1000);
    await client.get(PATH);
  }

  test.each([
    { ttl: "21600", kept: 21479, replaced: 21481 },
    { ttl: "300", kept: 179, replaced: 181 },
    { ttl: "240", kept: 119, replaced: 121 },
    { ttl: "60", kept: 29, replaced: 31 },
    { ttl: "10", kept: 4, replaced: 6 },
  ])("a token for $ttl s is kept at $kept s and replaced at $replaced s", async ({ ttl, kept, replaced }) => {
    clockAt(start);
    await using imds = await scriptedServer({ token: [issueTokenFor(ttl)] });
    const client = clientAt(imds);
    await readAt(client, 0);
    await readAt(client, kept);
    expect(imds.count("token")).toBe(1);
    await readAt(client, replaced);
    expect(imds.count("token")).toBe(2);
    expect(sentTokens(imds)).toEqual([tokenNumber(1), tokenNumber(1), tokenNumber(2)]);
  });

  test.each([
    ["missing", {}],
    ["empty", { [TTL_HEADER]: "" }],
    ["no number", { [TTL_HEADER]: "soon" }],
    ["negative", { [TTL_HEADER]: "-5" }],
    ["zero", { [TTL_HEADER]: "0" }],
    ["a fraction", { [TTL_HEADER]: "99.5" }],
    ["over six hours", { [TTL_HEADER]: "21601" }],
    ["absurd", { [TTL_HEADER]: "999999999999" }],
  ])("a lifetime that is %s in the response: the requested one counts", async (_, headers) => {
    clockAt(start);
    await using imds = await scriptedServer({ token: [text("the-token", headers)] });
    const client = clientAt(imds, { tokenTtlSeconds: 600 });
    await readAt(client, 0);
    await readAt(client, 479);
    expect(imds.count("token")).toBe(1);
    await readAt(client, 481);
    expect(imds.count("token")).toBe(2);
  });

  test("a clock that is set back does not cost the token", async () => {
    clockAt(start);
    await using imds = await scriptedServer();
    const client = clientAt(imds);
    await readAt(client, 0);
    await readAt(client, -86_400);
    expect(imds.count("token")).toBe(1);
  });

  test("readers at once replace it with one PUT", async () => {
    clockAt(start);
    await using imds = await scriptedServer();
    const client = clientAt(imds);
    await readAt(client, 0);
    vi.setSystemTime(start + 21_600_000);
    await Promise.all(Array.from({ length: 50 }, () => client.get(PATH)));
    expect(imds.count("token")).toBe(2);
  });
});

describe("a token that the service no longer knows", () => {
  test("is replaced by one PUT, however many reads were refused", async () => {
    await using imds = await scriptedServer();
    const client = clientAt(imds);
    await client.get(PATH);
    imds.forget();
    imds.play("metadata", (exchange) => {
      const isOld = exchange.request.headers[TOKEN_HEADER] === tokenNumber(1);
      (isOld ? answer(401) : text("fresh"))(exchange);
    });
    const bodies = await Promise.all(Array.from({ length: 10 }, () => client.get(PATH)));
    expect(new Set(bodies)).toEqual(new Set(["fresh"]));
    expect(imds.steps.filter((step) => step === "token")).toHaveLength(1);
  });

  test("is not mistaken for its successor by a read that was refused late", async () => {
    await using imds = await scriptedServer();
    const client = clientAt(imds);
    await client.get(PATH);
    let refuseLate = () => {};
    imds.play(
      "metadata",
      (exchange) => {
        refuseLate = () => answer(401)(exchange);
      },
      answer(401),
      text("fresh"),
    );
    const late = client.get(PATH);
    await vi.waitUntil(() => imds.count("metadata") === 1, { timeout: 60_000 });
    expect(await client.get(PATH)).toBe("fresh");
    refuseLate();
    expect(await late).toBe("fresh");
    expect(sentTokens(imds).slice(1)).toEqual([1, 1, 2, 2].map(tokenNumber));
    expect(imds.steps.filter((step) => step === "token")).toHaveLength(2);
  });

  test("a failure to get a new one has the step token", async () => {
    await using imds = await scriptedServer({ metadata: [answer(401)] });
    const client = clientAt(imds);
    imds.play("token", text("the-first"), answer(403));
    const error = await failureOf(client.get(PATH));
    expect(error).toMatchObject({ code: "IMDS_FORBIDDEN", step: "token" });
  });

  test("a failed PUT is not kept: the next read sends another", async () => {
    await using imds = await scriptedServer({ token: [answer(400), text("the-second")] });
    const client = clientAt(imds);
    await failureOf(client.get(PATH));
    expect(await client.get(PATH)).toBe("some metadata");
  });
});
