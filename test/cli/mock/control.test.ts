import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { controlOf } from "../../../src/cli/mock/control.js";
import { ACTIONS } from "../../../src/cli/mock/control-actions.js";
import { assembleMockImds } from "../../../src/testing/create-mock-imds.js";
import type { MockImds, MockListener } from "../../../src/testing/index.js";
import { exchange, newToken, RawConnection, ROLES_PATH, read, readDocument } from "../../testing/client.js";

let imds: MockImds;
let listener: MockListener;
let logged: string[];

beforeEach(async () => {
  logged = [];
  imds = assembleMockImds({}, { intercept: (request, response) => control(request, response) });
  const control = controlOf(imds, "127.0.0.1", (line) => logged.push(line));
  listener = await imds.listen();
});

afterEach(() => listener.close());

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many forms
  readonly body: any;
  readonly allow: string | null;
}

async function call(method: string, name: string, body?: string, headers = {}): Promise<Reply> {
  const response = await fetch(`${listener.endpoint}/_mock/${name}`, { method, headers, body: body ?? null });
  expect(response.headers.get("content-type")).toBe("application/json");
  return { status: response.status, body: await response.json(), allow: response.headers.get("allow") };
}

const post = (name: string, body?: unknown) =>
  call("POST", name, body === undefined ? undefined : JSON.stringify(body));

const bodyAt = async (path: string) => {
  const { status, body } = await read(listener.endpoint, path);
  return status === 200 ? body : status;
};

/** What must not change when a request is refused. */
const state = async () => [
  imds.credentials,
  imds.requests.length,
  await bodyAt(ROLES_PATH),
  await bodyAt("/"),
];

describe("control drives the mock:", () => {
  test("it rotates, and returns the new credentials", async () => {
    const before = imds.credentials;
    const { status, body } = await post("rotate");

    expect(status).toBe(200);
    expect(body).toEqual({ ...imds.credentials, expiration: imds.credentials?.expiration?.toISOString() });
    expect(body.accessKeyId).not.toBe(before?.accessKeyId);
    expect((await call("GET", "credentials")).body).toEqual(body);
  });

  test("it serves credentials that are given", async () => {
    const given = {
      accessKeyId: "ASIAGIVEN",
      secretAccessKey: "given-secret",
      sessionToken: "given-token",
      expiration: "2031-05-06T07:08:09.000Z",
    };

    expect(await post("rotate", given)).toMatchObject({ status: 200, body: given });
    expect(await readDocument(listener.endpoint)).toMatchObject({
      AccessKeyId: "ASIAGIVEN",
      Expiration: "2031-05-06T07:08:09Z",
    });
  });

  test("it detaches, denies and attaches a role", async () => {
    await post("detach-role");
    expect(await bodyAt(ROLES_PATH)).toBe(404);
    expect((await call("GET", "credentials")).body).toBeNull();
    await post("attach-role", { name: "other-role" });
    expect(await bodyAt(ROLES_PATH)).toBe("other-role");
    await post("deny-assume-role", { message: "no" });
    expect(await readDocument(listener.endpoint, "other-role")).toMatchObject({ Message: "no" });
    await post("detach-role", { left: "empty profile" });
    expect(await bodyAt(ROLES_PATH)).toBe("");
  });

  test("it begins an outage and ends it, while it stays reachable itself", async () => {
    await post("fail", { status: 503, times: "always" });
    await post("throttle", { perSecond: 0, answer: 429 });
    await post("disable");
    expect(await exchange(listener.endpoint, "/")).toMatchObject({ status: 429 });

    expect(await post("recover")).toMatchObject({ status: 200, body: {} });

    expect(await exchange(listener.endpoint, "/")).toMatchObject({ status: 401 });
  });

  test("it makes one path fail, so many times", async () => {
    await post("fail", { path: "placement/region", status: 500, times: 2 });
    const statuses = [];
    for (let asked = 0; asked < 3; asked += 1)
      statuses.push((await read(listener.endpoint, "/latest/meta-data/placement/region")).status);

    expect(statuses).toEqual([500, 500, 200]);
  });

  test("it expires tokens, delays, enables and resets", async () => {
    const token = await newToken(listener.endpoint);
    await post("expire-tokens");
    await post("delay", { ms: 1, on: "role" });
    await post("disable");
    await post("enable");
    const headers = { "x-aws-ec2-metadata-token": token };

    expect(await exchange(listener.endpoint, ROLES_PATH, { headers })).toMatchObject({ status: 401 });
    await post("reset");
    expect(imds.requests).toEqual([]);
  });

  test("it sets metadata: text, bytes, or none", async () => {
    await post("set-metadata", { path: "instance-type", content: "m7g.large" });
    await post("set-metadata", { path: "packed", base64: Buffer.from("packed").toString("base64") });
    await post("set-metadata", { path: "ami-id", content: null });

    expect(await bodyAt("/latest/meta-data/instance-type")).toBe("m7g.large");
    expect(await bodyAt("/latest/meta-data/packed")).toBe("packed");
    expect(await bodyAt("/latest/meta-data/ami-id")).toBe(404);
  });

  test("it announces events", async () => {
    await post("interrupt-spot", { action: "stop", inSeconds: 30 });
    await post("recommend-rebalance");
    await post("set-target-lifecycle-state", { state: "Terminated" });
    await post("schedule-maintenance", { code: "instance-stop", notBefore: "2031-05-06T07:08:09Z" });

    expect(await bodyAt("/latest/meta-data/spot/instance-action")).toMatch(/"stop"/);
    expect(await bodyAt("/latest/meta-data/events/recommendations/rebalance")).toMatch(/noticeTime/);
    expect(await bodyAt("/latest/meta-data/autoscaling/target-lifecycle-state")).toBe("Terminated");
    expect(await bodyAt("/latest/meta-data/events/maintenance/scheduled")).toMatch(
      /06 May 2031 07:08:09 GMT/,
    );
  });

  test("it lists the requests, without its own", async () => {
    await read(listener.endpoint, ROLES_PATH);
    await post("rotate");

    const { status, body } = await call("GET", "requests");

    expect(status).toBe(200);
    expect(body).toMatchObject([
      { method: "PUT", path: "/latest/api/token", status: 200, step: "token" },
      { method: "GET", path: ROLES_PATH, status: 200, step: "role" },
    ]);
  });

  test("it says what there is, and every action of it can be called", async () => {
    const { body } = await call("GET", "");

    expect(body).toEqual({ GET: ["credentials", "requests"], POST: [...ACTIONS.keys()] });
    for (const name of body.POST) expect((await post(name, {})).status).not.toBe(404);
  });

  test("it is in the log, without what was sent", async () => {
    await post("rotate", { accessKeyId: "ASIA", secretAccessKey: "s3cr3t", sessionToken: "t0k3n" });

    expect(logged).toEqual(["POST /_mock/rotate 200 (control)"]);
  });
});

describe("control refuses, and changes nothing:", () => {
  test.for([
    ["rotate", "{", "the body is not JSON"],
    ["rotate", "[]", "the body has to be a JSON object"],
    ["rotate", '"ASIA"', "the body has to be a JSON object"],
    ["rotate", '{"accesKeyId":"ASIA"}', "body.accesKeyId is unknown"],
    ["rotate", '{"accessKeyId":"ASIA"}', "credentials.secretAccessKey must be"],
    [
      "rotate",
      '{"accessKeyId":"a","secretAccessKey":"b","sessionToken":"c","expiration":"soon"}',
      "credentials.expiration",
    ],
    ["attach-role", "{}", "name must be"],
    ["attach-role", '{"name":"a/b"}', "name must be"],
    ["detach-role", '{"left":"all"}', "left must be"],
    ["detach-role", '{"role":"mock-role"}', "body.role is unknown"],
    ["fail", '{"stauts":500}', "fault.stauts is unknown"],
    ["fail", '{"times":0}', "fault.times must be"],
    ["delay", '{"ms":"1m"}', "ms must be"],
    ["throttle", "{}", "limit.perSecond must be"],
    ["set-metadata", '{"path":"ami-id"}', "metadata ami-id must be"],
    ["set-metadata", '{"path":"..","content":"x"}', "metadata path must be"],
    ["set-metadata", '{"path":"ami-id","content":"x","base64":"eA=="}', "exclude each other"],
    ["interrupt-spot", '{"action":"reboot"}', "action must be"],
    ["set-target-lifecycle-state", "{}", "state must be"],
    ["schedule-maintenance", '{"code":"explosion"}', "event.code must be"],
    ["disable", '{"now":true}', "body.now is unknown; there is none"],
  ] as const)("%s with %s: 400", async ([name, body, message]) => {
    const before = await state();

    const reply = await call("POST", name, body);

    expect(reply).toMatchObject({ status: 400, body: { error: expect.stringContaining(message) } });
    expect(await state()).toEqual([before[0], Number(before[1]) + 4, ...before.slice(2)]);
  });

  test("a body never shows in the answer", async () => {
    const { body } = await call("POST", "rotate", '{"secretAccessKey":"s3cr3t"');

    expect(JSON.stringify(body)).not.toContain("s3cr3t");
  });

  test("a body over 1 MiB: 413", async () => {
    expect(await call("POST", "rotate", " ".repeat(8 * 1024 * 1024))).toMatchObject({ status: 413 });
  });

  test("an unknown name: 404; a wrong method: 405", async () => {
    expect(await call("POST", "explode")).toMatchObject({ status: 404 });
    expect(await call("GET", "constructor")).toMatchObject({ status: 404 });
    expect(await call("GET", "rotate")).toMatchObject({ status: 405, allow: "POST" });
    expect(await call("DELETE", "requests")).toMatchObject({ status: 405, allow: "GET" });
  });

  test("a web page, by its Origin", async () => {
    const before = imds.credentials;
    const origin = { Origin: "https://pages.example" };

    expect(await call("POST", "rotate", undefined, origin)).toMatchObject({ status: 403 });
    expect(imds.credentials).toEqual(before);
  });

  test.for([
    ["Host: imds.example", 403],
    ["Host: imds.example:1338", 403],
    ["Host: 169.254.169.254", 403],
    ["Host: 127.0.0.1.imds.example", 403],
    ["Host: [::1]", 403],
    ["Host:", 403],
    ["X-No-Host: 1", 403],
    ["Host: 127.0.0.1", 200],
    ["Host: localhost:99", 200],
    ["Host: LOCALHOST", 200],
  ] as const)("a foreign Host: %s: %s", async ([header, status]) => {
    const before = imds.credentials?.accessKeyId;
    using connection = new RawConnection(listener.port);
    const request = ["POST /_mock/rotate HTTP/1.1", header, "Content-Length: 0", "Connection: close", "", ""];
    connection.send(...request);

    expect(await connection.untilClosed()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(imds.credentials?.accessKeyId === before).toBe(status === 403);
  });
});

test("without control its paths are like any other that is not there", async () => {
  const plain = assembleMockImds({});
  await using other = await plain.listen();

  expect(await exchange(other.endpoint, "/_mock/rotate", { method: "POST" })).toMatchObject({ status: 405 });
  expect(await read(other.endpoint, "/_mock/requests")).toMatchObject({ status: 404 });
});
