import http from "node:http";
import https from "node:https";
import { afterEach, describe, expect, test, vi } from "vitest";
import { SECRETS } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { scriptedServer } from "../support/scripted-server.js";

const { globalAgent } = http;
const secureAgent = https.globalAgent;

afterEach(() => {
  vi.unstubAllEnvs();
  http.globalAgent = globalAgent;
  https.globalAgent = secureAgent;
});

test("its agents are made without the option for a proxy that Node 24 has", async () => {
  const options = vi.fn();
  const { Agent } = http;
  class SeenAgent extends Agent {
    constructor(given?: http.AgentOptions) {
      super(given);
      options(given);
    }
  }
  http.Agent = SeenAgent;
  await using imds = await scriptedServer();
  await providerAt(imds)();
  http.Agent = Agent;
  expect(options).toHaveBeenCalled();
  for (const [given] of options.mock.calls) expect(given).not.toHaveProperty("proxyEnv");
});

describe("metadata never goes through a proxy", () => {
  test("that the environment names", async () => {
    await using proxy = await scriptedServer();
    await using imds = await scriptedServer();
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]) {
      vi.stubEnv(name, proxy.endpoint);
      vi.stubEnv(name.toLowerCase(), proxy.endpoint);
    }
    vi.stubEnv("NO_PROXY", "");
    vi.stubEnv("NODE_USE_ENV_PROXY", "1");
    expect((await providerAt(imds)()).accessKeyId).toBe(SECRETS.accessKeyId);
    await clientAt(imds).get("/latest/meta-data/hostname");
    expect(proxy.requests).toEqual([]);
    expect(imds.requests).toHaveLength(5);
  });

  test("that the application puts in the place of Node's global agent", async () => {
    await using proxy = await scriptedServer();
    await using imds = await scriptedServer();
    class ProxyAgent extends http.Agent {
      override createConnection(options: http.ClientRequestArgs) {
        return super.createConnection({ ...options, host: "127.0.0.1", port: proxy.port });
      }
    }
    http.globalAgent = new ProxyAgent();
    https.globalAgent = new ProxyAgent() as https.Agent;

    // That the trap works: what uses the global agent falls into it.
    await new Promise<void>((resolve, reject) => {
      const plain = http.get(`${imds.endpoint}/latest/api/token`, (answer) =>
        answer.resume().on("end", resolve),
      );
      plain.on("error", reject);
    });
    expect(proxy.requests).toHaveLength(1);

    expect((await providerAt(imds)()).accessKeyId).toBe(SECRETS.accessKeyId);
    await clientAt(imds).get("/latest/meta-data/hostname");
    expect(proxy.requests).toHaveLength(1);
    expect(imds.requests).toHaveLength(5);
    http.globalAgent.destroy();
  });
});
