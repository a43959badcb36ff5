import http from "node:http";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromInstanceRole, InstanceMetadataClient } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import { SECRETS } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { hang, hangUp, listRole, tokenNumber } from "../support/scripted-replies.js";
import { scriptedServer } from "../support/scripted-server.js";
import { silentPort } from "../support/silent-port.js";

const PATH = "/latest/meta-data/hostname";
const { request } = http;

afterEach(() => {
  http.request = request;
});

type Options = http.RequestOptions;

/** Puts a function in the place of `http.request`, as agents of monitoring services do. */
function patch(
  replacement: (options: Options, callback: (response: http.IncomingMessage) => void) => http.ClientRequest,
) {
  http.request = replacement as typeof http.request;
}

describe("an agent that copies options and headers, as those of OpenTelemetry and Datadog do", () => {
  const copying = () =>
    patch((options, callback) =>
      request(
        { ...options, headers: { ...(options.headers as Record<string, string>), traceparent: "00-1" } },
        callback,
      ),
    );

  test("leaves a load as it is", async () => {
    copying();
    await using imds = await scriptedServer();
    expect((await providerAt(imds)()).accessKeyId).toBe(SECRETS.accessKeyId);
    expect(imds.requests[0]?.headers.traceparent).toBe("00-1");
    expect(imds.requests.map(({ connection }) => connection)).toEqual([1, 1, 1]);
    await imds.allClosed();
  });

  test("leaves IMDS_UNREACHABLE for connections that cannot be made, and two attempts", async () => {
    copying();
    await using nowhere = await silentPort();
    const error = await failureOf(providerAt(nowhere, { timeout: 300, maxRetries: 10 })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "token", attempts: 2 });
  });

  test("leaves IMDS_TIMEOUT for a service that never responds", async () => {
    copying();
    await using imds = await scriptedServer({ token: [hang] });
    const error = await failureOf(providerAt(imds, { timeout: 500, maxRetries: 0 })());
    expect(error).toMatchObject({ code: "IMDS_TIMEOUT", step: "token" });
  });

  test("leaves the request on a silently closed connection sent again", async () => {
    copying();
    await using imds = await scriptedServer({ role: [hangUp, listRole()] });
    expect((await providerAt(imds, { maxRetries: 0 })()).accessKeyId).toBe(SECRETS.accessKeyId);
  });
});

describe("an agent that throws", () => {
  const missing = () => new Error("Failed to get the current sub/segment from the context.");

  test.each([
    ["an error", missing()],
    ["a TypeError", new TypeError("Cannot read properties of undefined (reading 'span')")],
    ["an error of a class of its own", Object.assign(missing(), { name: "ContextMissingError" })],
    ["an error with a text as its code", Object.assign(missing(), { code: "NO_SEGMENT" })],
  ])("%s is IMDS_UNREACHABLE with that as its cause, without a retry", async (_, thrown) => {
    const sent = vi.fn(() => {
      throw thrown;
    });
    patch(sent as never);
    await using imds = await scriptedServer();
    const error = await failureOf(providerAt(imds, { maxRetries: 3 })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "token", attempts: 1, tryNextLink: true });
    expect(error.cause).toBe(thrown);
    expect(error.message).toMatch(new RegExp(`${"code" in thrown ? "NO_SEGMENT" : thrown.name}`));
    expect(error.message).not.toContain("not HTTP");
    expect(sent).toHaveBeenCalledTimes(1);
  });

  test("no error, but a text: that is the cause", async () => {
    patch(() => {
      throw "no context";
    });
    await using imds = await scriptedServer();
    expect(await failureOf(providerAt(imds)())).toMatchObject({
      code: "IMDS_UNREACHABLE",
      cause: "no context",
    });
  });

  test.each([
    ["the headers", (headers: object) => Object.assign(missing(), { request: { headers } })],
    ["the token in its message", (headers: object) => new Error(`bad headers: ${JSON.stringify(headers)}`)],
    [
      "the token in its cause",
      (headers: object) => new Error("bad", { cause: new Error(JSON.stringify(headers)) }),
    ],
    ["a hidden property", (headers: object) => Object.defineProperty(missing(), "x", { value: headers })],
  ])("an error with %s shows no token", async (_, make) => {
    await using imds = await scriptedServer();
    patch((options, callback) => {
      if (options.method === "GET") throw make(options.headers as object);
      return request(options, callback);
    });
    const error = await failureOf(clientAt(imds).get(PATH));
    expect(error.code).toBe("IMDS_UNREACHABLE");
    const shown = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error);
    expect(shown).not.toContain(tokenNumber(1));
    expect(shown).not.toContain("headers: {");
  });

  test("an error with a request object, before there is a token, does not bring it along", async () => {
    await using imds = await scriptedServer();
    patch((options) => {
      throw Object.defineProperty(missing(), "request", { value: options, enumerable: false });
    });
    const error = await failureOf(clientAt(imds).get(PATH));
    expect(error.cause).toMatchObject({ name: "Error", message: missing().message });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(
      "x-aws-ec2-metadata-token-ttl-seconds",
    );
  });

  test("an error that is its own cause is no trouble", async () => {
    const circular = missing();
    circular.cause = circular;
    patch(() => {
      throw circular;
    });
    await using imds = await scriptedServer();
    expect(await failureOf(clientAt(imds).get(PATH))).toMatchObject({
      cause: { message: missing().message },
    });
  });

  test("once is no failure for the next call", async () => {
    await using imds = await scriptedServer();
    const client = clientAt(imds);
    patch(() => {
      throw missing();
    });
    await failureOf(client.get(PATH));
    http.request = request;
    expect(await client.get(PATH)).toBe("some metadata");
  });
});

test("clients and providers that share a reader are not disturbed by a patch that comes later", async () => {
  await using imds = await scriptedServer();
  const { endpoint } = imds;
  await fromInstanceRole({ endpoint })();
  patch((options, callback) => request({ ...options }, callback));
  expect(await new InstanceMetadataClient({ endpoint }).get(PATH)).toBe("some metadata");
  expect(imds.count("token")).toBe(1);
});

test("an exception from another realm, as Node's are in Jest, is kept as the cause too", async () => {
  const thrown: unknown = runInNewContext("Object.assign(new TypeError('no context'), { detail: 1 })");
  expect(thrown).not.toBeInstanceOf(Error);
  patch(() => {
    throw thrown;
  });
  await using imds = await scriptedServer();
  const error = await failureOf(providerAt(imds)());
  expect(error.cause).toBe(thrown);
  expect(error.message).toContain("TypeError: no context");
});
