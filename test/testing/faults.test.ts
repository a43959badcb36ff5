import { once } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createMockImds, type MockStep } from "../../src/testing/index.js";
import {
  exchange,
  newToken,
  RawConnection,
  ROLES_PATH,
  seen,
  TOKEN_HEADER,
  TOKEN_PATH,
  TTL_HEADER,
} from "./client.js";

const PATHS = {
  token: TOKEN_PATH,
  role: ROLES_PATH,
  credentials: `${ROLES_PATH}mock-role`,
  metadata: "/latest/meta-data/instance-id",
  other: "/",
} as const satisfies Record<MockStep, string>;

const STEPS = Object.keys(PATHS) as MockStep[];

/** One request of a step; a read needs no token here. */
const ask = (endpoint: string, step: MockStep, signal?: AbortSignal) =>
  exchange(endpoint, PATHS[step], {
    ...(step === "token" && { method: "PUT", headers: { [TTL_HEADER]: "60" } }),
    ...(signal && { signal }),
  });

/** The statuses of so many requests of a step, one after the other. */
async function statuses(endpoint: string, step: MockStep, count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let asked = 0; asked < count; asked += 1) seen.push((await ask(endpoint, step)).status);
  return seen;
}

const openMock = () => createMockImds({ imdsV1: true });

/** The raw request of a step, for looking at an answer that does not come whole. */
function send(connection: RawConnection): void {
  connection.send(`GET ${PATHS.credentials} HTTP/1.1`, "Host: 127.0.0.1", "", "");
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a status", () => {
  test.for(STEPS)("hits its step alone, once: %s", async (on) => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ on, status: 503 });

    const others = STEPS.filter((step) => step !== on);
    for (const step of others) expect(await ask(listener.endpoint, step)).toMatchObject({ status: 200 });
    expect(await statuses(listener.endpoint, on, 2)).toEqual([503, 200]);
    expect(imds.requests.map(({ step }) => step)).toEqual([...others, on, on]);
  });

  test("is 500 when nothing else is said, for any step", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({});

    expect(await ask(listener.endpoint, "metadata")).toMatchObject({
      status: 500,
      headers: { "content-type": "text/html" },
    });
  });

  test("lasts as often as said, after so many that are skipped", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ on: "role", status: 500, times: 2, after: 1 });

    expect(await statuses(listener.endpoint, "role", 4)).toEqual([200, 500, 500, 200]);
  });

  test("follows the one before it; a later one counts while it waits", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ on: "role", status: 500 });
    imds.fail({ on: "any", status: 501 });
    imds.fail({ on: "role", status: 502, after: 2 });

    expect(await statuses(listener.endpoint, "role", 4)).toEqual([500, 501, 502, 200]);
  });

  test("lasts until reset when told so", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ on: "token", status: 404, times: Infinity });

    expect(await statuses(listener.endpoint, "token", 5)).toEqual([404, 404, 404, 404, 404]);
    imds.reset();
    expect(await statuses(listener.endpoint, "token", 1)).toEqual([200]);
  });

  test("may come with a body", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ on: "token", status: 418, body: "short and stout" });

    expect(await ask(listener.endpoint, "token")).toMatchObject({ status: 418, body: "short and stout" });
  });

  test.for([204, 304])("of %s comes without one", async (status) => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ status });

    expect(await ask(listener.endpoint, "role")).toMatchObject({ status, body: "" });
  });
});

describe("a body", () => {
  test("of garbage keeps status and headers right", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ on: "credentials", body: "\u0000<gärbage" });

    expect(await ask(listener.endpoint, "credentials")).toMatchObject({
      status: 200,
      headers: { "content-type": "text/plain", "content-length": "10" },
      body: "\u0000<gärbage",
    });
  });

  test("may be made of the true one, for a wrong date or a missing field", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({
      on: "credentials",
      body: (document) => JSON.stringify({ ...JSON.parse(document), Expiration: "soon", Token: undefined }),
    });

    const { body } = await ask(listener.endpoint, "credentials");

    expect(JSON.parse(body)).toMatchObject({ Code: "Success", Expiration: "soon" });
    expect(JSON.parse(body)).not.toHaveProperty("Token");
  });

  test.for([
    ["throws", () => JSON.parse("{"), /^fault\.body threw: SyntaxError/],
    ["returns no string", () => undefined as never, /^fault\.body threw: .*returned no string/],
  ] as const)("of a function that %s is a 500 that says so", async ([, body, message]) => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ on: "role", body });

    const { status, body: received } = await ask(listener.endpoint, "role");
    expect({ status, received }).toEqual({ status: 500, received: expect.stringMatching(message) });
    expect(imds.requests).toMatchObject([{ status: 500 }]);
    expect(await ask(listener.endpoint, "role")).toMatchObject({ status: 200 });
  });

  test("does not turn a refusal into a success", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();
    imds.fail({ on: "credentials", body: "garbage" });

    expect(await ask(listener.endpoint, "credentials")).toMatchObject({ status: 401, body: "garbage" });
  });
});

describe("on the way", () => {
  test("a reset is a reset, before anything was answered", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ mode: "reset" });

    await expect(ask(listener.endpoint, "role")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(imds.requests).toMatchObject([{ step: "role", status: 0 }]);
    expect(await ask(listener.endpoint, "role")).toMatchObject({ status: 200 });
  });

  test("a reset is not the end of a connection that was closed politely", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ mode: "reset" });
    using connection = new RawConnection(listener.port);
    const failed = once(connection.socket, "error");
    send(connection);

    const [error] = await failed;

    expect(error).toMatchObject({ code: "ECONNRESET", syscall: "read" });
  });

  test("a hang takes the request and says nothing", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ mode: "hang" });
    using connection = new RawConnection(listener.port);
    send(connection);
    await seen(imds, 1);
    // Answers after it, on another connection, show that the mock had its time to answer this one.
    await statuses(listener.endpoint, "role", 3);

    expect(imds.requests[0]).toMatchObject({ step: "credentials", status: 0 });
    expect(connection.socket.bytesRead).toBe(0);
    expect(connection.socket.destroyed).toBe(false);
  });

  test("a drip sends the headers and then single bytes, without end", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ mode: "drip", body: "ab" });
    using connection = new RawConnection(listener.port);
    send(connection);

    // Each byte is a chunk of its own; after the body come spaces, so the answer is never whole.
    const received = await connection.until(/1\r\na\r\n1\r\nb\r\n1\r\n \r\n/);

    expect(received).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(received).not.toMatch(/content-length/i);
    expect(connection.socket.destroyed).toBe(false);
  });

  test("a truncated answer is closed half way", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ mode: "truncate", body: "0123456789" });
    using connection = new RawConnection(listener.port);
    send(connection);

    const received = await connection.untilClosed();

    expect(received).toMatch(/\r\nContent-Length: 10\r\n/);
    expect(received).toMatch(/\r\n\r\n01234$/);
  });

  test("even an empty answer can be truncated", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ mode: "truncate", body: "" });

    await expect(ask(listener.endpoint, "role")).rejects.toThrow();
  });

  test("a status can be dripped or cut too", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ mode: "truncate", status: 503 });
    using connection = new RawConnection(listener.port);
    send(connection);

    expect(await connection.untilClosed()).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/);
  });

  test("the hop limit: the token's answer never arrives, reads are not concerned", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.fail({ on: "token", mode: "hang", times: Infinity });
    using aborted = new AbortOnLeave();

    const put = ask(listener.endpoint, "token", aborted.signal).catch(() => "silence");
    await seen(imds, 1);

    expect(await statuses(listener.endpoint, "credentials", 2)).toEqual([200, 200]);
    aborted.leave();
    expect(await put).toBe("silence");
  });
});

/** Ends a request that is never answered. */
class AbortOnLeave {
  readonly #controller = new AbortController();
  readonly signal: AbortSignal = this.#controller.signal;

  leave(): void {
    this.#controller.abort();
  }

  [Symbol.dispose](): void {
    this.leave();
  }
}

describe("a slow service", () => {
  test("answers later, by the test's clock, and only the step that was named", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const imds = openMock();
    await using listener = await imds.listen();
    imds.delay(60_000, "credentials");
    let answered = false;

    const late = ask(listener.endpoint, "credentials").then(() => {
      answered = true;
    });
    expect(await ask(listener.endpoint, "role")).toMatchObject({ status: 200 });
    await seen(imds, 2);
    expect(answered).toBe(false);

    vi.advanceTimersByTime(60_000);
    await late;
  });

  test("leaves no timer behind when it is closed before it answers", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const imds = openMock();
    const listener = await imds.listen();
    imds.delay(3_600_000);
    const asked = ask(listener.endpoint, "role").catch((error) => error.code);
    await seen(imds, 1);
    expect(vi.getTimerCount()).toBe(1);

    await listener.close();

    expect(await asked).toBe("ECONNRESET");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is fast again with a delay of 0", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const imds = openMock();
    await using listener = await imds.listen();
    imds.delay(60_000);
    imds.delay(0);

    expect(await statuses(listener.endpoint, "role", 2)).toEqual([200, 200]);
  });
});

describe("a throttled service", () => {
  test.for([429, 503] as const)(
    "answers so many requests in any second, the others with %s",
    async (answer) => {
      vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
      const imds = openMock();
      await using listener = await imds.listen();
      imds.throttle({ perSecond: 2, answer });

      expect(await statuses(listener.endpoint, "role", 3)).toEqual([200, 200, answer]);
      vi.setSystemTime(1_000_999);
      expect(await statuses(listener.endpoint, "role", 1)).toEqual([answer]);
      vi.setSystemTime(1_001_000);
      expect(await statuses(listener.endpoint, "role", 3)).toEqual([200, 200, answer]);
    },
  );

  test("may fall silent instead", async () => {
    const imds = openMock();
    await using listener = await imds.listen();
    imds.throttle({ perSecond: 0, answer: "silence" });
    using aborted = new AbortOnLeave();

    const asked = ask(listener.endpoint, "role", aborted.signal).catch(() => "silence");
    await seen(imds, 1);
    imds.throttle({ perSecond: Infinity, answer: "silence" });
    expect(await statuses(listener.endpoint, "role", 2)).toEqual([200, 200]);

    aborted.leave();
    expect(await asked).toBe("silence");
    expect(imds.requests.map(({ status }) => status)).toEqual([0, 200, 200]);
  });
});

test("a fault spends no token: the one that was refused with it is still good", async () => {
  const imds = createMockImds();
  await using listener = await imds.listen();
  const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint) };
  imds.fail({ on: "credentials", status: 401 });

  const answers = [
    await exchange(listener.endpoint, PATHS.credentials, { headers }),
    await exchange(listener.endpoint, PATHS.credentials, { headers }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([401, 200]);
});
