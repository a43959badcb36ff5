import { describe, expect, test } from "vitest";
import type { InstanceMetadataClient } from "../../src/index.js";
import { instanceRegion } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import { clientAt } from "../support/scripted-provider.js";
import { answer, inTinyPieces, json, text } from "../support/scripted-replies.js";
import { scriptedServer } from "../support/scripted-server.js";

const read = (client: InstanceMetadataClient) => client.get("/latest/meta-data/hostname");

describe("get", () => {
  test.each([
    "/latest/meta-data/hostname",
    "/latest/meta-data/",
    "/2021-03-23/meta-data/tags/instance/Name",
    "/latest/user-data",
    "/latest/meta-data/managed-ssh-keys/signer-cert?x=1",
    "/latest/meta-data/tags/instance/a%20b",
    "/",
  ])("asks for %s exactly as given", async (path) => {
    await using imds = await scriptedServer();
    expect(await clientAt(imds).get(path)).toBe("some metadata");
    expect(imds.trace).toEqual(["PUT /latest/api/token", `GET ${path}`]);
  });

  test("gives the text as it came, white space and UTF-8 included", async () => {
    const body = "  #!/bin/sh\r\necho grüße ☃\n\n";
    await using imds = await scriptedServer({ metadata: [text(body)] });
    expect(await read(clientAt(imds))).toBe(body);
  });

  test("puts letters together that arrive in pieces", async () => {
    await using imds = await scriptedServer({ metadata: [inTinyPieces("plain text")] });
    expect(await read(clientAt(imds))).toBe("plain text");
  });

  test("puts a letter together whose bytes arrive apart", async () => {
    const snowman = Buffer.from("☃☃☃");
    await using imds = await scriptedServer({
      metadata: [
        ({ response }) => {
          response.write(snowman.subarray(0, 4), () => setImmediate(() => response.end(snowman.subarray(4))));
        },
      ],
    });
    expect(await read(clientAt(imds))).toBe("☃☃☃");
  });

  test("a path that is not there is NOT_FOUND", async () => {
    await using imds = await scriptedServer({ metadata: [answer(404, "<html>404</html>")] });
    const error = await failureOf(read(clientAt(imds)));
    expect(error).toMatchObject({ code: "NOT_FOUND", step: "metadata", statusCode: 404, tryNextLink: true });
    expect(imds.count("metadata")).toBe(1);
  });

  test.each(["latest/meta-data", "", "http://127.0.0.1/latest", "/a b", "/a\r\nX-Injected: yes", "/ä"])(
    "%j is no path: a TypeError, and nothing is asked",
    async (path) => {
      await using imds = await scriptedServer();
      await expect(clientAt(imds).get(path)).rejects.toThrow(TypeError);
      expect(imds.trace).toEqual([]);
    },
  );
});

describe("what it reads by name", () => {
  const document = { region: "eu-central-1", instanceId: "i-0123456789abcdef0", accountId: "123456789012" };
  const info = { Code: "Success", InstanceProfileArn: "arn:aws:iam::123456789012:instance-profile/app" };

  test("identityDocument", async () => {
    await using imds = await scriptedServer({ metadata: [json(document)] });
    expect(await clientAt(imds).identityDocument()).toEqual(document);
    expect(imds.trace[1]).toBe("GET /latest/dynamic/instance-identity/document");
  });

  test("iamInfo", async () => {
    await using imds = await scriptedServer({ metadata: [json(info)] });
    expect(await clientAt(imds).iamInfo()).toEqual(info);
    expect(imds.trace[1]).toBe("GET /latest/meta-data/iam/info");
  });

  test("region", async () => {
    await using imds = await scriptedServer({ metadata: [text("eu-central-1\n")] });
    expect(await clientAt(imds).region()).toBe("eu-central-1");
    expect(imds.trace[1]).toBe("GET /latest/meta-data/placement/region");
  });

  test("instanceId", async () => {
    await using imds = await scriptedServer({ metadata: [text("i-0123456789abcdef0")] });
    expect(await clientAt(imds).instanceId()).toBe("i-0123456789abcdef0");
    expect(imds.trace[1]).toBe("GET /latest/meta-data/instance-id");
  });

  const readers: readonly (readonly [string, (client: InstanceMetadataClient) => Promise<unknown>])[] = [
    ["identityDocument", (client) => client.identityDocument()],
    ["iamInfo", (client) => client.iamInfo()],
    ["region", (client) => client.region()],
    ["instanceId", (client) => client.instanceId()],
  ];

  test.each(readers)("%s: an empty answer is asked for again, then INVALID_RESPONSE", async (_, call) => {
    await using imds = await scriptedServer({ metadata: [text("")] });
    const error = await failureOf(call(clientAt(imds, { maxRetries: 1 })));
    expect(error).toMatchObject({
      code: "INVALID_RESPONSE",
      step: "metadata",
      attempts: 2,
      statusCode: 200,
    });
  });

  test.each(readers)("%s: an HTML page is INVALID_RESPONSE and is not quoted", async (_, call) => {
    await using imds = await scriptedServer({ metadata: [text("<html><body>Log in here</body></html>")] });
    const error = await failureOf(call(clientAt(imds, { maxRetries: 0 })));
    expect(error).toMatchObject({ code: "INVALID_RESPONSE", step: "metadata" });
    expect(error.message).not.toContain("Log in");
  });

  test.each(readers)("%s: what is not there is NOT_FOUND", async (_, call) => {
    await using imds = await scriptedServer({ metadata: [answer(404)] });
    expect(await failureOf(call(clientAt(imds)))).toMatchObject({ code: "NOT_FOUND", step: "metadata" });
  });

  test.each(["null", "[]", '"text"', "7"])(
    "identityDocument: %s is no object, so INVALID_RESPONSE",
    async (body) => {
      await using imds = await scriptedServer({ metadata: [text(body)] });
      const error = await failureOf(clientAt(imds, { maxRetries: 0 }).identityDocument());
      expect(error.code).toBe("INVALID_RESPONSE");
    },
  );
});

describe("instanceRegion", () => {
  const options = ({ endpoint }: { endpoint: string }) => ({ endpoint, timeout: 10_000 });

  test("reads nothing before it is called, then once for all callers", async () => {
    await using imds = await scriptedServer({ metadata: [text("eu-central-1")] });
    const region = instanceRegion(options(imds));
    expect(imds.trace).toEqual([]);
    expect(await Promise.all([region(), region(), region()])).toEqual(Array(3).fill("eu-central-1"));
    expect(await region()).toBe("eu-central-1");
    expect(imds.trace).toEqual(["PUT /latest/api/token", "GET /latest/meta-data/placement/region"]);
  });

  test("asks again after a failure", async () => {
    await using imds = await scriptedServer({ metadata: [answer(404), text("eu-central-1")] });
    const region = instanceRegion(options(imds));
    expect((await failureOf(region())).code).toBe("NOT_FOUND");
    expect(await region()).toBe("eu-central-1");
  });

  test("refuses bad options at once", () => {
    expect(() => instanceRegion({ timeout: -1 })).toThrow(RangeError);
  });
});
