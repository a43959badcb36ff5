import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createMockImds } from "../../src/testing/index.js";
import { exchange, newToken, RawConnection, ROLES_PATH, seen, TOKEN_HEADER, TOKEN_PATH } from "./client.js";

const TTL = "X-aws-ec2-metadata-token-ttl-seconds: 21600";

/** Sends lines as they stand and gives all that comes back until the mock hangs up. */
async function answerTo(port: number, ...lines: string[]): Promise<string> {
  using connection = new RawConnection(port);
  connection.send(...lines);
  return await connection.untilClosed();
}

describe("a token's PUT is understood", () => {
  const CLOSE = "Connection: close";

  test.for([
    ["without a Content-Length", ["Host: 127.0.0.1:1", TTL, CLOSE, "", ""]],
    ["with a Content-Length of 0", ["Host: 127.0.0.1:1", TTL, "Content-Length: 0", CLOSE, "", ""]],
    ["with a Host that has no port", ["Host: 169.254.169.254", TTL, CLOSE, "", ""]],
    ["with a body of no chunk", ["Host: x", TTL, "Transfer-Encoding: chunked", CLOSE, "", "0", "", ""]],
    [
      "with a body in chunks",
      ["Host: x", TTL, "Transfer-Encoding: chunked", CLOSE, "", "2", "hi", "0", "", ""],
    ],
    ["without a Host header", [TTL, CLOSE, "", ""]],
    ["with a TTL header in any case", ["Host: x", TTL.toUpperCase(), CLOSE, "", ""]],
  ] as const)("%s", async ([, lines]) => {
    await using listener = await createMockImds().listen();

    const answer = await answerTo(listener.port, `PUT ${TOKEN_PATH} HTTP/1.1`, ...lines);

    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\n\r\n[\w=-]{40,}$/);
  });

  test("with Expect: 100-continue, which is granted before the body comes", async () => {
    await using listener = await createMockImds().listen();
    using connection = new RawConnection(listener.port);

    connection.send(
      `PUT ${TOKEN_PATH} HTTP/1.1`,
      "Host: x",
      TTL,
      "Expect: 100-continue",
      "Transfer-Encoding: chunked",
      "Connection: close",
      "",
      "",
    );
    await connection.until(/^HTTP\/1.1 100 Continue\r\n\r\n/);
    connection.send("0", "", "");

    expect(await connection.untilClosed()).toMatch(/\r\n\r\nHTTP\/1.1 200 OK\r\n/);
  });

  test("by a client of HTTP/1.0, which is hung up on", async () => {
    await using listener = await createMockImds().listen();

    const answer = await answerTo(listener.port, `PUT ${TOKEN_PATH} HTTP/1.0`, TTL, "", "");

    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  });

  test("by a client that takes the mock for a proxy and names the whole URL", async () => {
    await using listener = await createMockImds().listen();

    const answer = await answerTo(
      listener.port,
      `PUT http://169.254.169.254${TOKEN_PATH} HTTP/1.1`,
      "Host: 169.254.169.254",
      TTL,
      CLOSE,
      "",
      "",
    );

    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });
});

test("a connection is kept for token, list and document", async () => {
  const imds = createMockImds();
  await using listener = await imds.listen();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  const ask = async (path: string, method: string, headers: Record<string, string>): Promise<string> => {
    const sent = request(listener.endpoint + path, { agent, method, headers }).end();
    const [response] = await once(sent, "response");
    ports.add(response.socket.localPort);
    return text(response);
  };

  const token = await ask(TOKEN_PATH, "PUT", { "x-aws-ec2-metadata-token-ttl-seconds": "60" });
  const role = await ask(ROLES_PATH, "GET", { [TOKEN_HEADER]: token });
  const document = await ask(ROLES_PATH + role, "GET", { [TOKEN_HEADER]: token });
  agent.destroy();

  expect(JSON.parse(document)).toMatchObject({ AccessKeyId: imds.credentials?.accessKeyId });
  expect(ports.size).toBe(1);
});

describe("a client that talks garbage gets 400 and the mock lives on", () => {
  test.for([
    ["binary", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"],
    ["no HTTP", "HELO imds.example\r\n\r\n"],
    ["an unknown method", "FETCH / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a broken header", "GET / HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n"],
    ["two lengths", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
    ["headers without end", `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(100_000)}`],
    ["a broken chunk", "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
  ] as const)("%s", async ([, garbage]) => {
    const imds = createMockImds();
    await using listener = await imds.listen();

    const answer = await answerTo(listener.port, garbage);

    expect(answer).toMatch(/HTTP\/1.1 400 Bad Request\r\n/);
    expect(imds.requests.filter(({ status }) => status === 400)).toMatchObject([{ step: "other" }]);
    await expect(newToken(listener.endpoint)).resolves.not.toBe("");
  });

  test("it is recorded with method and path, if there are any", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();

    await answerTo(listener.port, "GET /latest/meta-data/ HTTP/1.1\r\nno colon here\r\n\r\n");
    await answerTo(listener.port, "HELO imds.example\r\n\r\n");

    expect(imds.requests).toEqual([
      { method: "GET", path: "/latest/meta-data/", headers: {}, status: 400, step: "metadata" },
      { method: "", path: "", headers: {}, status: 400, step: "other" },
    ]);
  });

  test("a tunnel is refused with 405, and recorded", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();

    const answer = await answerTo(listener.port, "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n");

    expect(answer).toMatch(/^HTTP\/1.1 405 Method Not Allowed\r\n/);
    expect(answer).toMatch(/\r\nServer: EC2ws\r\n/);
    expect(imds.requests).toMatchObject([{ method: "CONNECT", path: "169.254.169.254:80", status: 405 }]);
  });

  test("an expectation that is not 100-continue is ignored, as the answer is what EC2 gives", async () => {
    const imds = createMockImds({ imdsV1: true });
    await using listener = await imds.listen();

    const answer = await answerTo(
      listener.port,
      "GET / HTTP/1.1\r\nHost: x\r\nExpect: a-pony\r\nConnection: close\r\n\r\n",
    );

    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(imds.requests).toMatchObject([{ path: "/", status: 200 }]);
  });

  test("and so it does when clients vanish in the middle", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();
    for (const bytes of [
      "",
      "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n",
      "PU",
      `PUT ${TOKEN_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n${TTL}\r\n\r\nabc`,
    ]) {
      const socket = connect(listener.port, "127.0.0.1");
      await once(socket, "connect");
      await new Promise((resolve) => socket.write(bytes, resolve));
      socket.resetAndDestroy();
    }

    await expect(newToken(listener.endpoint)).resolves.not.toBe("");
  });
});

describe("a mock that listens", () => {
  const refused = (endpoint: string) =>
    expect(exchange(endpoint, "/")).rejects.toMatchObject({ code: "ECONNREFUSED" });

  test("is on loopback, on a free port, unless told otherwise", async () => {
    const imds = createMockImds();
    await using one = await imds.listen();
    await using other = await imds.listen({ host: "::1" });

    expect(one.endpoint).toBe(`http://127.0.0.1:${one.port}`);
    expect(other.endpoint).toBe(`http://[::1]:${other.port}`);
    await newToken(one.endpoint);
    await newToken(other.endpoint);
    expect(imds.requests).toHaveLength(2);
  });

  test("frees its port at once, though connections are kept, hang, drip or wait", async () => {
    const imds = createMockImds();
    const listener = await imds.listen();
    imds.fail({ mode: "hang" });
    imds.fail({ mode: "drip" });
    const lines = ["GET / HTTP/1.1", "Host: x", "", ""];
    const connections = Array.from({ length: 5 }, () => new RawConnection(listener.port));
    const [hung, dripped, kept, late, idle] = connections;
    hung?.send(...lines);
    await seen(imds, 1);
    dripped?.send(...lines);
    await dripped?.until(/HTTP\/1.1/);
    kept?.send(...lines);
    await kept?.until(/HTTP\/1.1 401/);
    imds.delay(3_600_000);
    late?.send(...lines);
    await seen(imds, 4);
    expect(idle?.socket.destroyed).toBe(false);

    await Promise.all([listener.close(), listener.close()]);

    await refused(listener.endpoint);
    await using again = await imds.listen({ port: listener.port });
    expect(again.port).toBe(listener.port);
    await Promise.all(connections.map((connection) => connection.untilClosed()));
  });

  test("is closed at the end of an `await using` block", async () => {
    let endpoint: string;
    {
      await using listener = await createMockImds().listen();
      endpoint = listener.endpoint;
    }

    await refused(endpoint);
  });

  test("rejects when its port is in use, and can then take another", async () => {
    const imds = createMockImds();
    await using taken = await imds.listen();

    await expect(createMockImds().listen({ port: taken.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await newToken(taken.endpoint);
  });
});
