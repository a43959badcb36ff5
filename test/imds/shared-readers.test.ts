import type { IncomingHttpHeaders } from "node:http";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { InstanceMetadataOptions } from "../../src/index.js";
import { fromInstanceRole, InstanceMetadataClient, instanceRegion } from "../../src/index.js";
import { clearSharedCredentials } from "../../src/testing/index.js";
import { failureOf } from "../support/failure.js";
import { SECRETS } from "../support/role-document.js";
import { answer, text } from "../support/scripted-replies.js";
import { scriptedServer } from "../support/scripted-server.js";

const PATH = "/latest/meta-data/hostname";

beforeEach(() => {
  clearSharedCredentials();
});

describe("clients and providers with equal settings share one session token", () => {
  test("fromInstanceRole beside instanceRegion is one PUT", async () => {
    await using imds = await scriptedServer({ metadata: [text("eu-central-1")] });
    const { endpoint } = imds;
    const [region, credentials] = await Promise.all([
      instanceRegion({ endpoint })(),
      fromInstanceRole({ endpoint })(),
    ]);
    expect(region).toBe("eu-central-1");
    expect(credentials.accessKeyId).toBe(SECRETS.accessKeyId);
    expect(imds.steps.toSorted()).toEqual(["credentials", "metadata", "role", "token"]);
  });

  test("fifty clients with a provider and a Region each: one token, one load, one read of the Region", async () => {
    await using imds = await scriptedServer({ metadata: [text("eu-central-1")] });
    const { endpoint } = imds;
    const clients = Array.from({ length: 50 }, () => [
      fromInstanceRole({ endpoint }),
      instanceRegion({ endpoint }),
    ]);
    await Promise.all(clients.flat().map((call) => call()));
    expect(imds.steps.toSorted()).toEqual(["credentials", "metadata", "role", "token"]);
  });

  test("one after the other as well, and with settings from different places", async () => {
    await using imds = await scriptedServer({ metadata: [text("eu-central-1")] });
    const { endpoint } = imds;
    await new InstanceMetadataClient({ endpoint, timeout: 9000 }).region();
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint);
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "9");
    expect(await instanceRegion()()).toBe("eu-central-1");
    await fromInstanceRole({ roleName: "another-role", logger: console })();
    vi.unstubAllEnvs();
    expect(imds.steps).toEqual(["token", "metadata", "credentials"]);
  });

  test("a copy of the library in another module format too", async () => {
    await using imds = await scriptedServer({ metadata: [text("eu-central-1")] });
    const { endpoint } = imds;
    await fromInstanceRole({ endpoint })();
    vi.resetModules();
    const copy = await import("../../src/index.js");
    expect(copy.InstanceMetadataClient).not.toBe(InstanceMetadataClient);
    expect(await copy.instanceRegion({ endpoint })()).toBe("eu-central-1");
    await copy.fromInstanceRole({ endpoint, roleName: "another-role" })();
    expect(imds.count("token")).toBe(1);
  });

  test("whose errors are the errors of both copies", async () => {
    await using imds = await scriptedServer({ metadata: [text("not a word"), answer(404)] });
    const { endpoint } = imds;
    await fromInstanceRole({ endpoint, maxRetries: 0 })();
    vi.resetModules();
    const copy = await import("../../src/index.js");
    const client = new copy.InstanceMetadataClient({ endpoint, maxRetries: 0 });
    // Found out by the other copy's code, in a reader of this one.
    expect(await failureOf(client.instanceId())).toMatchObject({ code: "INVALID_RESPONSE", attempts: 1 });
    expect(await failureOf(client.get(PATH))).toMatchObject({ code: "NOT_FOUND" });
    expect(imds.count("token")).toBe(1);
  });

  test("a token that is refused is replaced once for all", async () => {
    await using imds = await scriptedServer();
    const { endpoint } = imds;
    const clients = Array.from({ length: 3 }, () => new InstanceMetadataClient({ endpoint }));
    await clients[0]?.get(PATH);
    const tokenOf = ({ headers }: { headers: IncomingHttpHeaders }) => headers["x-aws-ec2-metadata-token"];
    const refused = imds.requests.map(tokenOf).at(-1);
    // By the token, not by the order: one client may read again before another has read for the first time.
    imds.play("metadata", (exchange) =>
      (tokenOf(exchange.request) === refused ? answer(401) : text("fresh"))(exchange),
    );
    const values = await Promise.all(clients.map((client) => client.get(PATH)));
    expect(values).toEqual(["fresh", "fresh", "fresh"]);
    expect(imds.count("token")).toBe(2);
  });
});

describe("nothing is shared", () => {
  const different: readonly InstanceMetadataOptions[] = [
    { shared: false },
    { timeout: 9000 },
    { maxRetries: 1 },
    { ec2MetadataV1Disabled: false },
    { tokenTtlSeconds: 300 },
  ];
  test.each(different)("by a client with %j", async (options) => {
    await using imds = await scriptedServer({ metadata: [text("eu-central-1")] });
    const { endpoint } = imds;
    await fromInstanceRole({ endpoint })();
    await instanceRegion({ endpoint })();
    await instanceRegion({ endpoint, ...options })();
    expect(imds.count("token")).toBe(2);
    expect(imds.count("metadata")).toBe(2);
  });

  test("by two providers with shared: false", async () => {
    await using imds = await scriptedServer();
    const { endpoint } = imds;
    await fromInstanceRole({ endpoint, shared: false })();
    await fromInstanceRole({ endpoint, shared: false })();
    expect(imds.count("token")).toBe(2);
  });

  test("after clearSharedCredentials, which clients and providers notice on their next call", async () => {
    await using imds = await scriptedServer({ metadata: [text("eu-central-1"), text("eu-north-1")] });
    const { endpoint } = imds;
    const region = instanceRegion({ endpoint });
    const provider = fromInstanceRole({ endpoint });
    expect(await region()).toBe("eu-central-1");
    await provider();
    clearSharedCredentials();
    expect(await region()).toBe("eu-north-1");
    await provider();
    expect(imds.count("token")).toBe(2);
    expect(imds.count("credentials")).toBe(2);
  });

  test("of a Region that could not be read", async () => {
    await using imds = await scriptedServer({ metadata: [answer(418), text("eu-central-1")] });
    const { endpoint } = imds;
    await failureOf(instanceRegion({ endpoint })());
    expect(await instanceRegion({ endpoint })()).toBe("eu-central-1");
  });
});
