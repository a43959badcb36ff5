import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { InstanceMetadataClient } from "../../src/index.js";
import { instanceRegion } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import { clientAt } from "../support/scripted-provider.js";
import { answer, inTinyPieces, json, text } from "../support/scripted-replies.js";
import type { Reply, Script } from "../support/scripted-server.js";
import { deadEndpoint, scriptedServer } from "../support/scripted-server.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

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

  test.each([
    ["options", null],
    ["signal", { signal: {} }],
    ["signal", { signal: "now" }],
  ])("a bad argument is a TypeError that names %s, and nothing is asked: %j", async (name, options) => {
    await using imds = await scriptedServer();
    const client = clientAt(imds);
    for (const reading of [client.get("/", options as object), client.getBytes("/", options as object)]) {
      const failure = await reading.catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TypeError);
      expect(String(failure)).toContain(`${name} must be`);
    }
    expect(imds.trace).toEqual([]);
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

  test.each(readers)("%s: an empty response is retried, then INVALID_RESPONSE", async (_, call) => {
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

describe("the Region of a service without placement/region, such as aws-vault's", () => {
  const without = (document: Reply): Script => ({ metadata: [answer(404), document] });

  test("is that of the identity document", async () => {
    await using imds = await scriptedServer(without(json({ region: "eu-north-1", instanceId: "i-1" })));
    expect(await clientAt(imds).region()).toBe("eu-north-1");
    expect(imds.trace).toEqual([
      "PUT /latest/api/token",
      "GET /latest/meta-data/placement/region",
      "GET /latest/dynamic/instance-identity/document",
    ]);
  });

  test.each([
    ["no region", {}],
    ["a number", { region: 1 }],
    ["an empty text", { region: "" }],
    ["no word", { region: "eu north" }],
  ])("is INVALID_RESPONSE if the document has %s", async (_, document) => {
    await using imds = await scriptedServer(without(json(document)));
    expect((await failureOf(clientAt(imds, { maxRetries: 0 }).region())).code).toBe("INVALID_RESPONSE");
  });

  test("is NOT_FOUND that names both paths if there is no document either", async () => {
    await using imds = await scriptedServer({ metadata: [answer(404)] });
    const error = await failureOf(clientAt(imds).region());
    expect(error).toMatchObject({ code: "NOT_FOUND", statusCode: 404, step: "metadata" });
    expect(error.message).toContain("/latest/meta-data/placement/region");
    expect(error.message).toContain("/latest/dynamic/instance-identity/document");
  });

  test.each([403, 500, 301])("is not looked for there after %i", async (status) => {
    await using imds = await scriptedServer({ metadata: [answer(status)] });
    await failureOf(clientAt(imds, { maxRetries: 0 }).region());
    expect(imds.count("metadata")).toBe(1);
  });
});

describe("getBytes", () => {
  test.each([
    ["compressed content", gzipSync("#cloud-config")],
    ["bytes that are no UTF-8", Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28])],
    ["a byte order mark", Buffer.from([0xef, 0xbb, 0xbf, 0x61])],
    ["nothing", Buffer.alloc(0)],
    ["1 MiB", Buffer.alloc(1024 * 1024, 0x9c)],
  ])("gives %s as it came", async (_, content) => {
    await using imds = await scriptedServer({ metadata: [({ response }) => void response.end(content)] });
    const bytes = await clientAt(imds).getBytes("/latest/user-data");
    expect(bytes).toEqual(new Uint8Array(content));
    expect(imds.trace[1]).toBe("GET /latest/user-data");
  });

  test("fails as get does", async () => {
    await using imds = await scriptedServer({ metadata: [answer(404)] });
    const error = await failureOf(clientAt(imds).getBytes("/latest/user-data"));
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toContain("/latest/user-data");
    await expect(clientAt(imds).getBytes("user-data")).rejects.toThrow(TypeError);
    const aborted = clientAt(imds).getBytes("/latest/user-data", { signal: AbortSignal.abort() });
    expect((await failureOf(aborted)).code).toBe("ABORTED");
  });
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

  test("reads again after a failure", async () => {
    await using imds = await scriptedServer({ metadata: [answer(403), text("eu-central-1")] });
    const region = instanceRegion(options(imds));
    expect((await failureOf(region())).code).toBe("IMDS_FORBIDDEN");
    expect(await region()).toBe("eu-central-1");
  });

  const failures: readonly (readonly [string, Script])[] = [
    ["NOT_FOUND", { metadata: [answer(404)] }],
    ["IMDS_FORBIDDEN", { token: [answer(403)] }],
    ["TOKEN_UNSUPPORTED", { token: [answer(404)] }],
    ["SERVER_ERROR", { metadata: [answer(418)] }],
    ["INVALID_RESPONSE", { token: [text("no token")] }],
  ];
  test.each(failures)("has errors that speak of the Region and of AWS_REGION: %s", async (code, script) => {
    await using imds = await scriptedServer(script);
    const error = await failureOf(instanceRegion(options(imds))());
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^The Region of this instance could not be determined\. /);
    expect(error.message).toContain(imds.endpoint);
    expect(error.message).toMatch(
      new RegExp(`AWS_REGION.*or give the client a fixed region\\. \\[${code}\\]$`),
    );
  });

  test("speaks of it without a service too", async () => {
    const error = await failureOf(instanceRegion({ endpoint: await deadEndpoint() })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", cause: { code: "ECONNREFUSED" }, attempts: 1 });
    expect(error.message).toMatch(/^The Region .*AWS_REGION/);
  });

  test("and with metadata switched off", async () => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const error = await failureOf(instanceRegion()());
    expect(error.code).toBe("IMDS_DISABLED");
    expect(error.message).toMatch(/^The Region .*AWS_EC2_METADATA_DISABLED.*AWS_REGION/);
  });

  test("refuses bad options at once", () => {
    expect(() => instanceRegion({ timeout: -1 })).toThrow(RangeError);
  });
});
