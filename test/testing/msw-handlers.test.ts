import { once } from "node:events";
import nodeHttp from "node:http";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { HttpResponse, http } from "msw";
import { type SetupServer, setupServer } from "msw/node";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createMockImds, type MockImds, type MockImdsOptions } from "../../src/testing/index.js";
import { ROLES_PATH, TOKEN_HEADER, TOKEN_PATH, TTL_HEADER } from "./client.js";

const IPV4 = "http://169.254.169.254";
const IPV6 = "http://[fd00:ec2::254]";
const VARIABLE = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

let server: SetupServer | undefined;

/** msw with these handlers and nothing else: a request that no handler takes is an error. */
function serve(...mocks: readonly MockImds[]): void {
  server = setupServer(...mocks.flatMap(({ handlers }) => handlers));
  server.listen({ onUnhandledRequest: "error" });
}

function serveMock(options?: MockImdsOptions): MockImds {
  const imds = createMockImds(options);
  serve(imds);
  return imds;
}

afterEach(() => {
  server?.close();
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

async function newToken(endpoint: string): Promise<string> {
  const response = await fetch(endpoint + TOKEN_PATH, { method: "PUT", headers: { [TTL_HEADER]: "60" } });
  expect(response.status).toBe(200);
  return response.text();
}

async function readRole(endpoint: string): Promise<string> {
  const response = await fetch(endpoint + ROLES_PATH, {
    headers: { [TOKEN_HEADER]: await newToken(endpoint) },
  });
  expect(response.status).toBe(200);
  return response.text();
}

describe("msw handlers answer", () => {
  test.for([IPV4, IPV6])("at EC2's own address %s", async (endpoint) => {
    serveMock({ roleName: "web-server" });

    expect(await readRole(endpoint)).toBe("web-server");
  });

  test.for([IPV4, IPV6])("a client of node:http at %s", async (endpoint) => {
    serveMock();
    const sent = nodeHttp
      .request(endpoint + TOKEN_PATH, { method: "PUT", headers: { [TTL_HEADER]: "60" } })
      .end();
    const [response] = await once(sent, "response");

    expect(response).toMatchObject({ statusCode: 200, headers: { server: "EC2ws", [TTL_HEADER]: "60" } });
    expect(await text(response)).not.toBe("");
  });

  test.for(["http://imds.example", "http://imds.example/", "https://imds.example:8443/some/folder/"])(
    "at the endpoint that the environment names, even when it is set later: %s",
    async (endpoint) => {
      serveMock();
      vi.stubEnv(VARIABLE, endpoint);

      expect(await readRole(endpoint.replace(/\/$/, ""))).toBe("mock-role");
    },
  );

  test("at the endpoint that an option names", async () => {
    serveMock({ endpoint: "http://imds.example:1338" });

    expect(await readRole("http://imds.example:1338")).toBe("mock-role");
    expect(await readRole(IPV4)).toBe("mock-role");
  });

  test("no other requests", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    serveMock({ endpoint: "http://imds.example/folder" });
    vi.stubEnv(VARIABLE, "no URL at all");

    for (const url of [
      "http://imds.example/",
      "http://imds.example/folder-of-others",
      "http://169.254.169.253/",
      "https://169.254.169.254/",
      "http://169.254.169.254:8080/",
    ]) {
      await expect(fetch(url), url).rejects.toThrow();
    }
  });

  test("two mocks side by side, each at its own endpoint", async () => {
    const one = createMockImds({ roleName: "one", endpoint: "http://one.example" });
    const other = createMockImds({ roleName: "other", endpoint: "http://other.example" });
    serve(one, other);

    expect([await readRole("http://one.example"), await readRole("http://other.example")]).toEqual([
      "one",
      "other",
    ]);
    expect([one.requests.length, other.requests.length]).toEqual([2, 2]);
  });

  test("not where another mock listens, whose address the environment names", async () => {
    const listening = createMockImds({ roleName: "listening" });
    const served = createMockImds({ roleName: "served" });
    const listener = await listening.listen();
    server = setupServer(...served.handlers);
    server.listen({ onUnhandledRequest: "bypass" });

    for (const endpoint of [listener.endpoint, `http://localhost:${listener.port}`]) {
      vi.stubEnv(VARIABLE, endpoint);
      expect(await readRole(endpoint), endpoint).toBe("listening");
    }
    expect(await readRole(IPV4)).toBe("served");
    await listener.close();
    expect(await readRole(`http://localhost:${listener.port}`)).toBe("served");
  });

  test.for([IPV4, IPV6, "http://imds.example:1338"])(
    "a client of node:http whose path begins with two slashes, at %s",
    async (endpoint) => {
      const imds = serveMock();
      vi.stubEnv(VARIABLE, endpoint);
      const { hostname, port } = new URL(endpoint);
      const host = hostname.replace(/^\[|\]$/g, "");
      const sent = nodeHttp
        .request({ host, port, path: `/${TOKEN_PATH}`, method: "PUT", headers: { [TTL_HEADER]: "60" } })
        .end();
      const [response] = await once(sent, "response");

      expect(response.statusCode).toBe(200);
      expect(await text(response)).not.toBe("");
      expect(imds.requests).toMatchObject([{ path: `/${TOKEN_PATH}`, step: "token", status: 200 }]);
    },
  );

  test("beside handlers of the user, which win when they are put in front", async () => {
    serveMock();
    server?.use(http.get(`${IPV4}/latest/user-data`, () => HttpResponse.text("#!/bin/sh")));

    expect(await (await fetch(`${IPV4}/latest/user-data`)).text()).toBe("#!/bin/sh");
    expect(await readRole(IPV4)).toBe("mock-role");
    server?.resetHandlers();
    expect((await fetch(`${IPV4}/latest/user-data`)).status).toBe(401);
  });

  test("under msw's CommonJS build too", async () => {
    const build = createRequire(import.meta.url)("../../node_modules/msw/lib/node/index.js");
    server = build.setupServer(...createMockImds().handlers);
    server?.listen({ onUnhandledRequest: "error" });

    expect(await readRole(IPV4)).toBe("mock-role");
  });
});

describe("with msw", () => {
  const PUT = { method: "PUT", headers: { [TTL_HEADER]: "60" } };
  const putByNode = () => once(nodeHttp.request(IPV4 + TOKEN_PATH, PUT).end(), "response");

  test("a reset is ECONNRESET to a client of node:http, without a response", async () => {
    const imds = serveMock();
    imds.fail({ mode: "reset" });

    await expect(putByNode()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(imds.requests).toMatchObject([{ step: "token", status: 0 }]);
    expect(await newToken(IPV4)).not.toBe("");
  });

  test("a reset is ECONNRESET to fetch, once it reads the body", async () => {
    serveMock().fail({ mode: "reset" });
    const response = await fetch(IPV4 + TOKEN_PATH, PUT);

    await expect(response.text()).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("a truncated answer ends before its Content-Length", async () => {
    serveMock().fail({ mode: "truncate", body: "0123456789" });
    const [response] = await putByNode();
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    const [error] = await once(response, "error");

    expect(error).toMatchObject({ code: "ECONNRESET" });
    expect(response.headers["content-length"]).toBe("10");
    expect(response.complete).toBe(false);
    expect(Buffer.concat(chunks).toString()).toBe("01234");
  });

  test("a truncated answer without a body begins all the same", async () => {
    serveMock().fail({ mode: "truncate", body: "" });
    const [response] = await putByNode();
    const [error] = await once(response.resume(), "error");

    expect(response.statusCode).toBe(200);
    expect(error).toMatchObject({ code: "ECONNRESET" });
  });

  test("a hang lasts until the client gives up", async () => {
    const imds = serveMock();
    imds.fail({ mode: "hang" });
    const controller = new AbortController();
    const asked = fetch(IPV4 + TOKEN_PATH, { ...PUT, signal: controller.signal }).catch(
      (error) => error.name,
    );

    await newToken(IPV4);
    controller.abort();

    expect(await asked).toBe("AbortError");
    expect(imds.requests.map(({ status }) => status)).toEqual([0, 200]);
  });

  test("a drip gives a byte every 100 ms of the test's clock, without end", async () => {
    vi.useFakeTimers();
    serveMock().fail({ mode: "drip", body: "ab" });
    const response = await fetch(IPV4 + TOKEN_PATH, PUT);
    const reader = response.body?.getReader();
    let received = "";

    for (const expected of ["a", "ab", "ab ", "ab  "]) {
      const byte = reader?.read();
      await vi.advanceTimersByTimeAsync(100);
      received += Buffer.from((await byte)?.value ?? []).toString();
      expect(received).toBe(expected);
    }
  });

  test("everything keeps to the test's clock: tokens, rotation, delays", async () => {
    vi.useFakeTimers({ now: new Date("2031-05-06T07:08:09Z") });
    const imds = serveMock({ rotateEverySeconds: 60 });
    const headers = { [TOKEN_HEADER]: await newToken(IPV4) };
    const document = async (): Promise<{ AccessKeyId?: string }> => {
      const response = await fetch(`${IPV4}${ROLES_PATH}mock-role`, { headers });
      return JSON.parse(await response.text());
    };
    const first = await document();
    imds.delay(5000);

    const late = document();
    await vi.advanceTimersByTimeAsync(5000);
    expect(await late).toEqual(first);
    imds.delay(0);
    vi.advanceTimersByTime(54_999);
    expect((await document()).AccessKeyId).toBe(first.AccessKeyId);
    vi.advanceTimersByTime(1);
    expect((await fetch(IPV4 + ROLES_PATH, { headers })).status).toBe(401);
    expect(imds.credentials?.accessKeyId).not.toBe(first.AccessKeyId);
  });
});
