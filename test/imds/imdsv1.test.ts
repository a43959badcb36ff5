import { describe, expect, test } from "vitest";
import { failureOf } from "../support/failure.js";
import { SECRETS } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { answer, hang, issueToken, notHttp, reset, text } from "../support/scripted-replies.js";
import { scriptedServer } from "../support/scripted-server.js";

const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const REFUSALS = [403, 404, 405, 410, 501];

describe("IMDSv1", () => {
  test.each(REFUSALS)("is not used by default when the token's PUT is answered by %i", async (status) => {
    await using imds = await scriptedServer({ token: [answer(status)] });
    const error = await failureOf(providerAt(imds)());
    expect(error.code).toBe(status === 403 ? "IMDS_FORBIDDEN" : "TOKEN_UNSUPPORTED");
    expect(imds.steps).toEqual(["token"]);
  });

  test.each([404, 405, 410, 501])(
    "is named in the error after %i as the option that allows it",
    async (status) => {
      await using imds = await scriptedServer({ token: [answer(status)] });
      const error = await failureOf(providerAt(imds)());
      expect(error.message).toContain("ec2MetadataV1Disabled");
    },
  );

  test("is not used with ec2MetadataV1Disabled: true", async () => {
    await using imds = await scriptedServer({ token: [answer(404)] });
    await failureOf(providerAt(imds, { ec2MetadataV1Disabled: true })());
    expect(imds.steps).toEqual(["token"]);
  });

  test.each(REFUSALS)(
    "is used after %i with ec2MetadataV1Disabled: false: reads carry no token",
    async (status) => {
      await using imds = await scriptedServer({ token: [answer(status)] });
      const identity = await providerAt(imds, { ec2MetadataV1Disabled: false })();
      expect(identity.accessKeyId).toBe(SECRETS.accessKeyId);
      expect(imds.steps).toEqual(["token", "role", "credentials"]);
      for (const { headers } of imds.requests) expect(headers).not.toHaveProperty(TOKEN_HEADER);
    },
  );

  test("does not request a token before every read", async () => {
    await using imds = await scriptedServer({ token: [answer(404)] });
    const client = clientAt(imds, { ec2MetadataV1Disabled: false });
    await client.get("/latest/meta-data/hostname");
    await client.get("/latest/meta-data/hostname");
    expect(imds.steps).toEqual(["token", "metadata", "metadata"]);
  });

  test("is not used, although allowed, while the service issues tokens", async () => {
    await using imds = await scriptedServer();
    await providerAt(imds, { ec2MetadataV1Disabled: false })();
    for (const { step, headers } of imds.requests) {
      expect(TOKEN_HEADER in headers).toBe(step !== "token");
    }
  });

  test("gives way to a token when reads without one are answered by 401", async () => {
    await using imds = await scriptedServer({ token: [answer(404), issueToken] });
    imds.play("metadata", (exchange) => {
      const authorized = TOKEN_HEADER in exchange.request.headers;
      (authorized ? text("with a token") : answer(401))(exchange);
    });
    const client = clientAt(imds, { ec2MetadataV1Disabled: false });
    expect(await client.get("/latest/meta-data/hostname")).toBe("with a token");
    expect(imds.steps).toEqual(["token", "metadata", "token", "metadata"]);
  });

  test.each([
    ["a timeout", hang, "IMDS_TIMEOUT"],
    ["a reset", reset, "IMDS_UNREACHABLE"],
    ["400", answer(400), "TOKEN_REJECTED"],
    ["401", answer(401), "SERVER_ERROR"],
    ["406", answer(406), "SERVER_ERROR"],
    ["418", answer(418), "SERVER_ERROR"],
    ["429", answer(429), "THROTTLED"],
    ["500", answer(500), "SERVER_ERROR"],
    ["502", answer(502), "SERVER_ERROR"],
    ["503", answer(503), "THROTTLED"],
    ["504", answer(504), "SERVER_ERROR"],
    ["505", answer(505), "SERVER_ERROR"],
    ["a redirect", answer(302, "", { location: "/" }), "SERVER_ERROR"],
    ["an empty token", text(""), "INVALID_RESPONSE"],
    ["an illegal token", text("a b"), "INVALID_RESPONSE"],
    ["what is not HTTP", notHttp, "INVALID_RESPONSE"],
  ] as const)("is never used after %s, allowed or not", async (_, reply, code) => {
    await using imds = await scriptedServer({ token: [reply] });
    const timeout = reply === hang ? 200 : 10_000;
    const provider = providerAt(imds, { ec2MetadataV1Disabled: false, maxRetries: 0, timeout });
    expect((await failureOf(provider())).code).toBe(code);
    expect(imds.steps).toEqual(["token"]);
  });
});
