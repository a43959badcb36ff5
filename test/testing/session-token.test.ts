import { afterEach, describe, expect, test, vi } from "vitest";
import { createMockImds } from "../../src/testing/index.js";
import { exchange, newToken, ROLES_PATH, read, TOKEN_HEADER, TOKEN_PATH, TTL_HEADER } from "./client.js";

const put = (endpoint: string, headers: Record<string, string>, path = TOKEN_PATH) =>
  exchange(endpoint, path, { method: "PUT", headers });

afterEach(() => {
  vi.useRealTimers();
});

describe("a session token", () => {
  test.for(["1", "300", "21600"])("is given for a TTL of %s, which the answer repeats", async (ttl) => {
    await using listener = await createMockImds().listen();

    const { status, headers, body } = await put(listener.endpoint, { [TTL_HEADER]: ttl });

    expect({ status, ttl: headers[TTL_HEADER] }).toEqual({ status: 200, ttl });
    expect(body).toMatch(/^[\w=-]{40,}$/);
  });

  test.for(["0", "-1", "21601", "1.5", "60s", "six", "0x3c", "", "60, 60"])(
    "is refused with 400 for a TTL of %j",
    async (ttl) => {
      await using listener = await createMockImds().listen();

      const { status, headers } = await put(listener.endpoint, { [TTL_HEADER]: ttl });

      expect({ status, type: headers["content-type"], ttl: headers[TTL_HEADER] }).toEqual({
        status: 400,
        type: "text/html",
        ttl: undefined,
      });
    },
  );

  test("is refused with 400 without a TTL", async () => {
    await using listener = await createMockImds().listen();

    expect(await put(listener.endpoint, {})).toMatchObject({ status: 400 });
  });

  test.for(["/2021-03-23/api/token", "/1.0/api/token", "/2099-01-01/api/token"])(
    "is refused with 403 on %s",
    async (path) => {
      await using listener = await createMockImds().listen();

      expect(await put(listener.endpoint, { [TTL_HEADER]: "60" }, path)).toMatchObject({ status: 403 });
    },
  );

  test("is refused with 403 to a proxy, and so are reads through it", async () => {
    await using listener = await createMockImds().listen();
    const proxied = { "X-Forwarded-For": "203.0.113.7" };
    const token = await newToken(listener.endpoint);

    const asked = await put(listener.endpoint, { [TTL_HEADER]: "60", ...proxied });
    const got = await exchange(listener.endpoint, ROLES_PATH, {
      headers: { [TOKEN_HEADER]: token, ...proxied },
    });

    expect([asked.status, got.status]).toEqual([403, 403]);
  });

  test.for(["GET", "HEAD", "POST", "DELETE"])("is not to be had by %s: 405", async (method) => {
    await using listener = await createMockImds().listen();

    const answer = await exchange(listener.endpoint, TOKEN_PATH, { method, headers: { [TTL_HEADER]: "60" } });

    expect({ status: answer.status, allow: answer.headers.allow }).toEqual({ status: 405, allow: "PUT" });
  });

  test("is one of any number that are good at once", async () => {
    await using listener = await createMockImds().listen();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => newToken(listener.endpoint)));

    const answers = await Promise.all(
      tokens.map((token) => exchange(listener.endpoint, ROLES_PATH, { headers: { [TOKEN_HEADER]: token } })),
    );

    expect(new Set(tokens).size).toBe(20);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });

  test("is good until its seconds are over, by the test's clock", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2031-05-06T07:08:09Z") });
    await using listener = await createMockImds().listen();
    const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint, 10) };

    vi.setSystemTime("2031-05-06T07:08:18.999Z");
    const before = await exchange(listener.endpoint, ROLES_PATH, { headers });
    vi.setSystemTime("2031-05-06T07:08:19Z");
    const after = await exchange(listener.endpoint, ROLES_PATH, { headers });

    expect([before.status, after.status]).toEqual([200, 401]);
  });

  test("ends when the test expires all of them; a new one is good", async () => {
    const imds = createMockImds();
    await using listener = await imds.listen();
    const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint) };

    imds.expireTokens();

    expect(await exchange(listener.endpoint, ROLES_PATH, { headers })).toMatchObject({ status: 401 });
    expect(await read(listener.endpoint, ROLES_PATH)).toMatchObject({ status: 200 });
  });

  test("is bound to its instance: another mock refuses it", async () => {
    await using one = await createMockImds().listen();
    await using other = await createMockImds().listen();
    const headers = { [TOKEN_HEADER]: await newToken(one.endpoint) };

    expect(await exchange(other.endpoint, ROLES_PATH, { headers })).toMatchObject({ status: 401 });
  });
});

describe("a read without a good token", () => {
  test.for([{}, { [TOKEN_HEADER]: "AQAEunknown==" }, { [TOKEN_HEADER]: "" }])(
    "is 401 with %j",
    async (headers) => {
      await using listener = await createMockImds().listen();

      const answers = await Promise.all(
        ["/", "/latest/", ROLES_PATH, `${ROLES_PATH}mock-role`, "/latest/no-such-thing"].map((path) =>
          exchange(listener.endpoint, path, { headers }),
        ),
      );

      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
      expect(answers[0]?.headers["content-type"]).toBe("text/html");
    },
  );

  test("is answered under IMDSv1, unless it brings a token that is not good", async () => {
    await using listener = await createMockImds({ imdsV1: true }).listen();

    const bare = await exchange(listener.endpoint, ROLES_PATH);
    const wrong = await exchange(listener.endpoint, ROLES_PATH, { headers: { [TOKEN_HEADER]: "wrong" } });

    expect([bare.status, wrong.status]).toEqual([200, 401]);
  });
});

test("with metadata access off everything is 403, until it is on again", async () => {
  const imds = createMockImds();
  await using listener = await imds.listen();
  const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint) };
  const statuses = async () => [
    (await put(listener.endpoint, { [TTL_HEADER]: "60" })).status,
    (await exchange(listener.endpoint, ROLES_PATH, { headers })).status,
    (await exchange(listener.endpoint, "/")).status,
  ];

  imds.disable();
  expect(await statuses()).toEqual([403, 403, 403]);
  imds.enable();
  expect(await statuses()).toEqual([200, 200, 401]);
});
