import { setupServer } from "msw/node";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMockImds, type MockImds } from "../../src/testing/index.js";
import { ROLES_PATH, TOKEN_HEADER, TOKEN_PATH, TTL_HEADER } from "./client.js";

const imds = createMockImds({
  accountId: "210987654321",
  tags: { Name: "front" },
  userData: Uint8Array.of(0x1f, 0x8b, 0x00, 0xff),
  metadata: { "elastic-inference/associations/eia-1": Uint8Array.of(0xff, 0x00), "kernel-id": "aki-1" },
});
const server = setupServer(...imds.handlers);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2031-05-06T07:08:09Z") });
  imds.reset();
  server.listen({ onUnhandledRequest: "bypass" });
});

afterEach(() => {
  server.close();
  vi.useRealTimers();
});

interface Case {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A read brings a good token unless this says otherwise. */
  readonly token?: "none";
  readonly prepare?: (imds: MockImds) => void;
}

const TTL = { [TTL_HEADER]: "300" };
const DOCUMENT = `${ROLES_PATH}mock-role`;

const CASES: Readonly<Record<string, Case>> = {
  "a token": { path: TOKEN_PATH, method: "PUT", headers: TTL },
  "a token without a TTL": { path: TOKEN_PATH, method: "PUT" },
  "a token for no time": { path: TOKEN_PATH, method: "PUT", headers: { [TTL_HEADER]: "0" } },
  "a token through a proxy": {
    path: TOKEN_PATH,
    method: "PUT",
    headers: { ...TTL, "X-Forwarded-For": "203.0.113.7" },
  },
  "a token by GET": { path: TOKEN_PATH },
  "a token on a dated path": { path: "/2021-03-23/api/token", method: "PUT", headers: TTL },
  "the versions": { path: "/" },
  "a folder": { path: "/latest/meta-data/" },
  "a folder without its slash": { path: "/latest" },
  "the role list": { path: ROLES_PATH },
  "the role list without its slash": { path: ROLES_PATH.slice(0, -1) },
  "the document": { path: DOCUMENT },
  "the document, its name encoded, after two slashes": { path: `${ROLES_PATH}/mock%2Drole?x=1` },
  "the document by HEAD": { path: DOCUMENT, method: "HEAD" },
  "the document by POST": { path: DOCUMENT, method: "POST" },
  "the document without a token": { path: DOCUMENT, token: "none" },
  "the document with a wrong token": { path: DOCUMENT, headers: { [TOKEN_HEADER]: "wrong" }, token: "none" },
  "iam/info": { path: "/latest/meta-data/iam/info" },
  "the identity document": { path: "/latest/dynamic/instance-identity/document" },
  "a tag on a dated path": { path: "/1.0/meta-data/tags/instance/Name" },
  "user data": { path: "/latest/user-data" },
  "an unknown version": { path: "/2099-01-01/meta-data/" },
  "an unknown path": { path: "/nowhere" },
  "a path that cannot be decoded": { path: "/latest/%zz" },
  "metadata that is off": { path: DOCUMENT, prepare: (mock) => mock.disable() },
  "a role that cannot be assumed": { path: DOCUMENT, prepare: (mock) => mock.denyAssumeRole("no") },
  "a profile without a role": { path: ROLES_PATH, prepare: (mock) => mock.detachRole("empty profile") },
  "an outage": { path: DOCUMENT, prepare: (mock) => mock.fail({ status: 503, times: 2 }) },
  "a status without a body": { path: DOCUMENT, prepare: (mock) => mock.fail({ status: 204, times: 2 }) },
  garbage: { path: DOCUMENT, prepare: (mock) => mock.fail({ body: "gärbage", times: 2 }) },
  "a fault whose function throws": {
    path: DOCUMENT,
    prepare: (mock) => mock.fail({ body: () => JSON.parse("garbage"), times: 2 }),
  },
  "a fault whose function returns no string": {
    path: DOCUMENT,
    prepare: (mock) => mock.fail({ body: () => undefined as never, times: 2 }),
  },
  "a fault of one path": {
    path: "/latest/meta-data/ami-id/",
    prepare: (mock) => mock.fail({ path: "ami-id", status: 418, times: 2 }),
  },
  "a fault of user data": {
    path: "/latest/user-data",
    prepare: (mock) => mock.fail({ body: (body) => `${body}!`, times: 2 }),
  },
  throttling: { path: DOCUMENT, prepare: (mock) => mock.throttle({ perSecond: 0, answer: 429 }) },
};

/** Node's fetch asks for the connection to be closed after a HEAD; msw has no connections. */
const isFarewell = (name: string, value: string): boolean => name === "connection" && value === "close";

async function ask(endpoint: string, { path, method = "GET", headers, token }: Case, good: string) {
  const response = await fetch(endpoint + path, {
    method,
    headers: { ...headers, ...(method !== "PUT" && token !== "none" && { [TOKEN_HEADER]: good }) },
  });
  const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
  // A token is never the same twice.
  const isToken = path === TOKEN_PATH && response.status === 200;
  return {
    status: response.status,
    statusText: response.statusText,
    headers: Object.fromEntries([...response.headers].filter(([name, value]) => !isFarewell(name, value))),
    body: isToken ? `${body.length} characters` : body,
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Each path of the tree with what it answers, folders included. */
async function everyPath(endpoint: string, token: string): Promise<Map<string, Answer>> {
  const found = new Map<string, Answer>();
  const visit = async (path: string): Promise<void> => {
    const answer = await ask(endpoint, { path }, token);
    found.set(path, answer);
    const isTop = path === "/latest/";
    if (!path.endsWith("/") || answer.body === "") return;
    for (const line of answer.body.split("\n")) {
      if (line.includes("=")) await visit(`${path}${line.split("=")[0]}/`);
      else await visit(path + line + (isTop && line !== "user-data" ? "/" : ""));
    }
  };
  await visit("/latest/");
  return found;
}

test("both adapters answer alike on every path of the tree", async () => {
  imds.interruptSpot();
  imds.recommendRebalance();
  imds.setTargetLifecycleState("Terminated");
  imds.scheduleMaintenance({});
  imds.scheduleMaintenance({ state: "canceled" });
  await using listener = await imds.listen();
  const put = await fetch(listener.endpoint + TOKEN_PATH, { method: "PUT", headers: TTL });
  const good = await put.text();

  const byHttp = await everyPath(listener.endpoint, good);
  const byMsw = await everyPath("http://169.254.169.254", good);

  expect(byMsw).toEqual(byHttp);
  expect([...byHttp.values()].every(({ status }) => status === 200)).toBe(true);
  // Some 64 that AWS's own mock serves, and the folders above them.
  expect(byHttp.size).toBeGreaterThan(80);
});

test.for(Object.entries(CASES))("both adapters answer alike: %s", async ([, asked]) => {
  await using listener = await imds.listen();
  const put = await fetch(listener.endpoint + TOKEN_PATH, { method: "PUT", headers: TTL });
  const good = await put.text();
  asked.prepare?.(imds);
  const recorded = imds.requests.length;

  const byHttp = await ask(listener.endpoint, asked, good);
  const byMsw = await ask("http://169.254.169.254", asked, good);

  expect(byMsw).toEqual(byHttp);
  const [first, second] = imds.requests.slice(recorded);
  expect({ ...second, headers: undefined }).toEqual({ ...first, headers: undefined });
});
