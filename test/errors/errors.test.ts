import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { InstanceMetadataErrorCode, InstanceRoleOptions } from "../../src/index.js";
import { InstanceMetadataError } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import { roleDocument, SECRETS } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { answer, hang, issueToken, json, reset, text, truncated } from "../support/scripted-replies.js";
import type { Script } from "../support/scripted-server.js";
import { deadEndpoint, scriptedServer } from "../support/scripted-server.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

interface Case {
  /** What the service does; `gone` when there is none. */
  readonly script?: Script | "gone";
  readonly options?: InstanceRoleOptions;
  readonly environment?: Readonly<Record<string, string>>;
  /** A role's credentials by default. */
  readonly reads?: "credentials" | "a path" | "a path, aborted";
  /** What the message has to say, the hint included. */
  readonly hint: RegExp;
  readonly tryNextLink: boolean;
  readonly step: InstanceMetadataError["step"];
  readonly statusCode: number | undefined;
  readonly attempts: number;
}

const BODY = `<html>${SECRETS.body}</html>`;
const ANSWERED = { tryNextLink: true, attempts: 1 } as const;
const IN_TIME = { timeout: 10_000, maxRetries: 1 };

/** Each code: ways that lead to it, and what the error holds. */
const CASES: { readonly [C in InstanceMetadataErrorCode]: readonly Case[] } = {
  IMDS_DISABLED: [
    {
      environment: { AWS_EC2_METADATA_DISABLED: "true" },
      hint: /at http:.*AWS_EC2_METADATA_DISABLED/,
      tryNextLink: true,
      step: "token",
      statusCode: undefined,
      attempts: 0,
    },
  ],
  IMDS_UNREACHABLE: [
    {
      script: "gone",
      hint: /not an EC2 instance, or .*firewall or a container network/i,
      ...ANSWERED,
      step: "token",
      statusCode: undefined,
    },
    {
      script: { credentials: [reset] },
      options: IN_TIME,
      hint: /not an EC2 instance, or .*firewall or a container network/i,
      tryNextLink: true,
      step: "credentials",
      statusCode: undefined,
      attempts: 2,
    },
  ],
  IMDS_TIMEOUT: [
    {
      script: { token: [hang] },
      options: { timeout: 100, maxRetries: 0 },
      hint: /container.*hop limit to 2.*Kubernetes pod or an ECS task.*own role.*IRSA.*Pod Identity.*task role/i,
      ...ANSWERED,
      step: "token",
      statusCode: undefined,
    },
    {
      script: { credentials: [hang] },
      options: { timeout: 1000, maxRetries: 0 },
      hint: /slow or overloaded.*option timeout/,
      ...ANSWERED,
      step: "credentials",
      statusCode: undefined,
    },
  ],
  IMDS_FORBIDDEN: [
    {
      script: { token: [answer(403, BODY)] },
      hint: /metadata access is switched off on .*instance.*proxy such as kube2iam/i,
      ...ANSWERED,
      step: "token",
      statusCode: 403,
    },
  ],
  TOKEN_REJECTED: [
    { script: { token: [answer(400, BODY)] }, hint: /token/, ...ANSWERED, step: "token", statusCode: 400 },
  ],
  TOKEN_UNSUPPORTED: [404, 405, 410, 501].map((status) => ({
    script: { token: [answer(status, BODY)] },
    hint: /ec2MetadataV1Disabled: false.*IMDSv1/,
    ...ANSWERED,
    step: "token",
    statusCode: status,
  })),
  UNAUTHORIZED: [
    {
      script: { role: [answer(401, BODY)] },
      hint: /new session token/,
      tryNextLink: true,
      attempts: 2,
      step: "role",
      statusCode: 401,
    },
  ],
  NO_ROLE_ATTACHED: [
    {
      script: { role: [answer(404, BODY)] },
      hint: /attach an instance profile that contains a role/i,
      ...ANSWERED,
      step: "role",
      statusCode: 404,
    },
    {
      script: { role: [text("\n")] },
      options: IN_TIME,
      hint: /attach an instance profile that contains a role/i,
      tryNextLink: true,
      step: "role",
      statusCode: 200,
      attempts: 2,
    },
    {
      script: { credentials: [answer(404, BODY)] },
      hint: /app-role.*listed.*attach an instance profile that contains a role/i,
      ...ANSWERED,
      step: "credentials",
      statusCode: 404,
    },
    {
      script: { credentials: [answer(404, BODY)] },
      options: { roleName: "wrong-role" },
      hint: /wrong-role.*the option roleName.*correct or remove the role name.*or attach an instance profile that contains a role/i,
      ...ANSWERED,
      step: "credentials",
      statusCode: 404,
    },
  ],
  ROLE_NOT_ASSUMABLE: [
    {
      script: {
        credentials: [json(roleDocument({ Code: "AssumeRoleUnauthorizedAccess", Message: "May not." }))],
      },
      hint: /AssumeRoleUnauthorizedAccess.*May not\..*trust policy must let ec2\.amazonaws\.com assume it/,
      ...ANSWERED,
      step: "credentials",
      statusCode: 200,
    },
  ],
  THROTTLED: [429, 503].map((status) => ({
    script: { credentials: [answer(status, BODY)] },
    options: IN_TIME,
    hint: /too many requests/i,
    tryNextLink: true,
    step: "credentials",
    statusCode: status,
    attempts: 2,
  })),
  SERVER_ERROR: [
    {
      script: { role: [answer(500, BODY)] },
      options: IN_TIME,
      hint: /500.*endpoint/,
      tryNextLink: true,
      step: "role",
      statusCode: 500,
      attempts: 2,
    },
    { script: { role: [answer(418, BODY)] }, hint: /418/, ...ANSWERED, step: "role", statusCode: 418 },
  ],
  INVALID_RESPONSE: [
    { ...invalid({ credentials: [text(`{${SECRETS.body}`)] }), hint: /not JSON/ },
    { ...invalid({ credentials: [truncated] }), hint: /broke off/ },
    { ...invalid({ credentials: [json(roleDocument({ SecretAccessKey: 5 }))] }), hint: /SecretAccessKey/ },
    { ...invalid({ credentials: [json(roleDocument({ Expiration: SECRETS.body }))] }), hint: /Expiration/ },
    { ...invalid({ credentials: [text(SECRETS.body.padEnd(100_000))] }, 1), hint: /65536 bytes/ },
    { ...invalid({ role: [text(`../${SECRETS.body}`)] }, 1), step: "role", hint: /role's name/ },
    { ...invalid({ token: [text(`${SECRETS.body} x`)] }, 1), step: "token", hint: /token.*legal/ },
  ],
  NOT_FOUND: [
    {
      script: { metadata: [answer(404, BODY)] },
      reads: "a path",
      hint: /\/latest\/meta-data\/hostname.*nothing there.*path must be complete/,
      ...ANSWERED,
      step: "metadata",
      statusCode: 404,
    },
  ],
  INVALID_CONFIGURATION: [
    {
      environment: { AWS_METADATA_SERVICE_NUM_ATTEMPTS: "none" },
      hint: /AWS_METADATA_SERVICE_NUM_ATTEMPTS.*"none".*must be a whole number of attempts from 1 to 1001/,
      tryNextLink: false,
      step: "token",
      statusCode: undefined,
      attempts: 0,
    },
  ],
  ABORTED: [
    {
      reads: "a path, aborted",
      hint: /^Reading \/latest\/meta-data\/hostname from .* was aborted by the caller's signal\. \[ABORTED\]$/,
      tryNextLink: false,
      step: "metadata",
      statusCode: undefined,
      attempts: 0,
    },
  ],
};

function invalid(script: Script, attempts = 2): Omit<Case, "hint"> {
  return { script, options: IN_TIME, tryNextLink: true, step: "credentials", statusCode: 200, attempts };
}

const ROWS = Object.entries(CASES).flatMap(([code, cases]) =>
  cases.map((each, i) => ({ code: code as InstanceMetadataErrorCode, nth: i + 1, each })),
);

/** Makes the case happen. */
async function provoke({ script, options, environment, reads }: Case) {
  for (const [name, value] of Object.entries(environment ?? {})) vi.stubEnv(name, value);
  await using imds = await scriptedServer(script === "gone" ? {} : script);
  if (script === "gone") await imds[Symbol.asyncDispose]();
  const { endpoint } = imds;
  const signal = reads === "a path, aborted" ? AbortSignal.abort() : undefined;
  const work =
    reads === undefined
      ? providerAt(imds, options)()
      : clientAt(imds).get("/latest/meta-data/hostname", { signal });
  return { error: await failureOf(work), endpoint };
}

/** Everything that can be printed of an error, its cause and what they hold. */
function printed(error: Error): string {
  const inside = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true } as const;
  const parts: string[] = [];
  for (let each: unknown = error; each !== undefined; each = each instanceof Error ? each.cause : undefined) {
    parts.push(String(each), JSON.stringify(each) ?? "", inspect(each, inside));
    if (each instanceof Error) parts.push(each.message, each.stack ?? "");
    if (typeof each === "object" && each !== null)
      for (const key of Reflect.ownKeys(each)) parts.push(inspect(Reflect.get(each, key), inside));
  }
  return parts.join("\n");
}

describe.each(ROWS)("$code, way $nth", ({ code, each }) => {
  test("has the fields of the table", async () => {
    const { error } = await provoke(each);
    const { tryNextLink, step, statusCode, attempts } = each;
    expect(error).toMatchObject({ name: "InstanceMetadataError", code, tryNextLink, step, attempts });
    expect(error.statusCode).toBe(statusCode);
    expect(error).toBeInstanceOf(InstanceMetadataError);
    expect(error).toBeInstanceOf(Error);
  });

  test("has a message with what happened, at which endpoint, what to do, and its code in brackets at the end", async () => {
    const { error, endpoint } = await provoke(each);
    expect(error.message).toMatch(each.hint);
    expect(error.message.endsWith(` [${code}]`)).toBe(true);
    if (each.environment === undefined) expect(error.message).toContain(endpoint);
    expect(error.message).not.toMatch(/undefined|\[object|\bnull\b|\n| {2}/);
    const tries = /\(tried (\d+) times\)/.exec(error.message)?.[1];
    expect(tries).toBe(each.attempts > 1 ? String(each.attempts) : undefined);
  });

  test("shows no token, key, body or request, however it is printed", async () => {
    const { error } = await provoke(each);
    const output = printed(error);
    for (const secret of Object.values(SECRETS)) expect(output).not.toContain(secret);
    expect(output).not.toMatch(/x-aws-ec2-metadata-token|ClientRequest|IncomingMessage|Socket \{/i);
  });
});

test("the same search finds each secret that is planted on an error or its cause", () => {
  for (const secret of Object.values(SECRETS)) {
    const cause = Object.assign(new Error("planted"), { request: { headers: { token: secret } } });
    expect(printed(new Error("outer", { cause }))).toContain(secret);
    const hidden = Object.defineProperty(new Error("planted"), "hidden", {
      value: secret,
      enumerable: false,
    });
    expect(printed(hidden)).toContain(secret);
  }
});

describe("the class", () => {
  test("has no instances but its own", () => {
    expect(new Error("x") instanceof InstanceMetadataError).toBe(false);
    expect((null as unknown) instanceof InstanceMetadataError).toBe(false);
    expect(({ code: "IMDS_TIMEOUT" } as unknown) instanceof InstanceMetadataError).toBe(false);
  });

  test("a class that an application derives from it has instances of its own", () => {
    class Derived extends InstanceMetadataError {}
    const details = { code: "IMDS_TIMEOUT", step: "token" } as const;
    expect(new InstanceMetadataError("x", details) instanceof Derived).toBe(false);
    expect(new Derived("x", details) instanceof Derived).toBe(true);
    expect(new Derived("x", details) instanceof InstanceMetadataError).toBe(true);
  });

  test("keeps the system's own error as its cause", async () => {
    const { error } = await provoke(CASES.IMDS_UNREACHABLE[0] as Case);
    expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("has in JSON what a log or a health endpoint needs", async () => {
    const { error } = await provoke(CASES.THROTTLED[0] as Case);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "InstanceMetadataError",
      code: "THROTTLED",
      message: error.message,
      step: "credentials",
      attempts: 2,
      status: 429,
    });
  });

  test("has no status in JSON if there was no response", async () => {
    const { error } = await provoke(CASES.IMDS_UNREACHABLE[0] as Case);
    expect(error.toJSON()).not.toHaveProperty("status");
  });

  test("is printed by its name, with its code", () => {
    const error = new InstanceMetadataError("Something failed.", { code: "IMDS_TIMEOUT", step: "token" });
    expect(error.constructor.name).toBe("InstanceMetadataError");
    expect(inspect(error)).toMatch(/^InstanceMetadataError: Something failed\. \[IMDS_TIMEOUT\]\n/);
    expect(inspect(error)).toContain("code: 'IMDS_TIMEOUT'");
  });

  test("an instance with no status has no such key", async () => {
    const { error } = await provoke(CASES.IMDS_DISABLED[0] as Case);
    expect(error).not.toHaveProperty("statusCode");
  });
});

describe("a path in the endpoint, where the token's PUT is refused", () => {
  test.each([400, 403, 404, 405, 410, 501])(
    "is what the hint after %i is about, not IMDSv1",
    async (status) => {
      await using imds = await scriptedServer({ token: [answer(status)] });
      const error = await failureOf(providerAt({ endpoint: `${imds.endpoint}/latest/` })());
      expect(error.statusCode).toBe(status);
      expect(error.message).toMatch(
        /The endpoint has the path \/latest, to which the library adds \/latest\/api\/token/,
      );
      expect(error.message).not.toMatch(/v1/i);
    },
  );

  test("is not what it is about if the service does not respond", async () => {
    const error = await failureOf(providerAt({ endpoint: `${await deadEndpoint()}/latest` })());
    expect(error.message).not.toContain("has the path");
  });
});

test("the token and the keys of a load that fails halfway are in no error", async () => {
  await using imds = await scriptedServer({
    token: [issueToken],
    credentials: [json(roleDocument({ Token: "" }))],
  });
  const output = printed(await failureOf(providerAt(imds, IN_TIME)()));
  expect(imds.requests.at(-1)?.headers["x-aws-ec2-metadata-token"]).toContain(SECRETS.sessionTokenOfMetadata);
  expect(output).toContain("its field Token");
  for (const secret of Object.values(SECRETS)) expect(output).not.toContain(secret);
});

describe("docs/troubleshooting.md", () => {
  const page = readFileSync(new URL("../../docs/troubleshooting.md", import.meta.url), "utf8");
  const sections = new Map(
    page
      .split(/^## /m)
      .slice(1)
      .map((part): [string, string] => {
        const [heading = "", ...lines] = part.split("\n");
        return [heading.trim(), lines.join("\n").trim()];
      }),
  );

  test.each(Object.keys(CASES))("has a section named %s with something in it", (code) => {
    expect(sections.get(code)?.length).toBeGreaterThan(80);
  });

  test("has sections for codes that there are, and in the order of the table", () => {
    expect([...sections.keys()].filter((name) => /^[A-Z_]+$/.test(name))).toEqual(Object.keys(CASES));
  });
});
