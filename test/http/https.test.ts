import https from "node:https";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { failureOf } from "../support/failure.js";
import { SECRETS } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { answer, hang } from "../support/scripted-replies.js";
import type { ScriptedServer } from "../support/scripted-server.js";
import { scriptedServer } from "../support/scripted-server.js";

const overTls = (script = {}): Promise<ScriptedServer> => scriptedServer(script, "127.0.0.1", "https");

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a service over https", () => {
  beforeEach(() => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  });

  test("serves a load and a read, over one connection each, and none is left open", async () => {
    await using imds = await overTls();
    expect((await providerAt(imds)()).accessKeyId).toBe(SECRETS.accessKeyId);
    expect(imds.requests.map(({ connection }) => connection)).toEqual([1, 1, 1]);
    await imds.allClosed();
    expect(await clientAt(imds).get("/latest/meta-data/hostname")).toBe("some metadata");
    await imds.allClosed();
    expect(imds.openConnections).toBe(0);
    expect(Object.keys(https.globalAgent.sockets)).toEqual([]);
    expect(Object.keys(https.globalAgent.freeSockets)).toEqual([]);
  });

  test("times out as one over http does", async () => {
    await using imds = await overTls({ token: [hang] });
    const error = await failureOf(providerAt(imds, { timeout: 500, maxRetries: 0 })());
    expect(error).toMatchObject({ code: "IMDS_TIMEOUT", step: "token" });
    expect(error.message).toContain("https://127.0.0.1:");
  });

  test("has the same errors", async () => {
    await using imds = await overTls({ role: [answer(403)] });
    expect(await failureOf(providerAt(imds)())).toMatchObject({ code: "IMDS_FORBIDDEN", step: "role" });
  });
});

describe("TLS that fails is IMDS_UNREACHABLE", () => {
  test("because the certificate is not trusted", async () => {
    await using imds = await overTls();
    const error = await failureOf(providerAt(imds, { maxRetries: 0 })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
    expect(error.message).toMatch(/certificate of the endpoint is not trusted/);
  });

  test("because the service speaks http: the hint asks for that", async () => {
    await using imds = await scriptedServer();
    const endpoint = imds.endpoint.replace("http:", "https:");
    const error = await failureOf(providerAt({ endpoint }, { maxRetries: 0 })());
    expect(error.code).toBe("IMDS_UNREACHABLE");
    expect(error.message).toMatch(/Check whether the endpoint speaks http or https/);
  });
});
