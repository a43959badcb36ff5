import { describe, expect, test } from "vitest";
import { failureOf } from "../support/failure.js";
import { ROLE, roleDocument, SECRETS } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import {
  answer,
  json,
  listRole,
  reset,
  serveDocument,
  text,
  tokenNumber,
} from "../support/scripted-replies.js";
import { scriptedServer } from "../support/scripted-server.js";

const PUT = "PUT /latest/api/token";
const LIST = "GET /latest/meta-data/iam/security-credentials/";
const documentOf = (role: string): string => `${LIST}${role}`;
const DOCUMENT = documentOf(ROLE);
const TOKEN_HEADER = "x-aws-ec2-metadata-token";

describe("the requests of a load", () => {
  test("the first load: token, role list, document", async () => {
    await using imds = await scriptedServer();
    const identity = await providerAt(imds)();
    expect(imds.trace).toEqual([PUT, LIST, DOCUMENT]);
    expect(identity.accessKeyId).toBe(SECRETS.accessKeyId);
  });

  test("with roleName: token and document, no list", async () => {
    await using imds = await scriptedServer();
    await providerAt(imds, { roleName: "other-role" })();
    expect(imds.trace).toEqual([PUT, documentOf("other-role")]);
  });

  test("a second call sends none", async () => {
    await using imds = await scriptedServer();
    const provider = providerAt(imds);
    const first = await provider();
    imds.forget();
    expect(await provider()).toEqual(first);
    expect(imds.trace).toEqual([]);
  });

  test("a thousand callers at once cause one load", async () => {
    await using imds = await scriptedServer();
    const provider = providerAt(imds);
    const identities = await Promise.all(Array.from({ length: 1000 }, () => provider()));
    expect(imds.trace).toEqual([PUT, LIST, DOCUMENT]);
    expect(new Set(identities.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set([SECRETS.accessKeyId]));
  });

  test("a refresh is one request, with the cached token", async () => {
    await using imds = await scriptedServer();
    const provider = providerAt(imds);
    await provider();
    imds.forget();
    imds.play("credentials", serveDocument({ AccessKeyId: "ASIASECONDKEY" }));
    expect((await provider({ forceRefresh: true })).accessKeyId).toBe("ASIASECONDKEY");
    expect(imds.trace).toEqual([DOCUMENT]);
    expect(imds.requests[0]?.headers[TOKEN_HEADER]).toBe(tokenNumber(1));
  });

  test("a refresh answered with 401 gets one new token and sends again with it", async () => {
    await using imds = await scriptedServer();
    const provider = providerAt(imds);
    await provider();
    imds.forget();
    imds.play("credentials", answer(401), serveDocument({ AccessKeyId: "ASIASECONDKEY" }));
    expect((await provider({ forceRefresh: true })).accessKeyId).toBe("ASIASECONDKEY");
    expect(imds.trace).toEqual([DOCUMENT, PUT, DOCUMENT]);
    expect(imds.requests.map(({ headers }) => headers[TOKEN_HEADER])).toEqual([
      tokenNumber(1),
      undefined,
      tokenNumber(2),
    ]);
  });

  test("a role list answered with 401 gets one new token and sends again", async () => {
    await using imds = await scriptedServer({ role: [answer(401), listRole()] });
    await providerAt(imds)();
    expect(imds.trace).toEqual([PUT, LIST, PUT, LIST, DOCUMENT]);
  });

  test("a 401 after a new token is final", async () => {
    await using imds = await scriptedServer({ role: [answer(401)] });
    const error = await failureOf(providerAt(imds)());
    expect(error).toMatchObject({ code: "UNAUTHORIZED", step: "role", statusCode: 401, tryNextLink: true });
    expect(imds.trace).toEqual([PUT, LIST, PUT, LIST]);
  });
});

describe("a role that was replaced", () => {
  test("is picked up: document 404, list, the new role's document", async () => {
    await using imds = await scriptedServer();
    const provider = providerAt(imds);
    await provider();
    imds.forget();
    imds.play("role", listRole("new-role"));
    imds.play("credentials", answer(404), serveDocument({ AccessKeyId: "ASIANEWROLE" }));
    expect((await provider({ forceRefresh: true })).accessKeyId).toBe("ASIANEWROLE");
    expect(imds.trace).toEqual([DOCUMENT, LIST, documentOf("new-role")]);
    expect(provider.status().roleName).toBe("new-role");
  });

  test("is read by its new name from then on", async () => {
    await using imds = await scriptedServer();
    const provider = providerAt(imds);
    await provider();
    imds.play("role", listRole("new-role"));
    imds.play("credentials", answer(404), serveDocument());
    await provider({ forceRefresh: true });
    imds.forget();
    await provider({ forceRefresh: true });
    expect(imds.trace).toEqual([documentOf("new-role")]);
  });

  test("whose document is missing is listed again once, then the error says that it is listed without credentials", async () => {
    await using imds = await scriptedServer({ credentials: [answer(404)] });
    const error = await failureOf(providerAt(imds)());
    expect(imds.trace).toEqual([PUT, LIST, DOCUMENT, LIST, DOCUMENT]);
    expect(error).toMatchObject({ code: "NO_ROLE_ATTACHED", step: "credentials", statusCode: 404 });
    expect(error.message).toMatch(/listed/);
    expect(error.message).toContain(ROLE);
  });

  test("and is gone from the list as well is NO_ROLE_ATTACHED", async () => {
    await using imds = await scriptedServer({ role: [listRole(), answer(404)], credentials: [answer(404)] });
    const error = await failureOf(providerAt(imds)());
    expect(imds.trace).toEqual([PUT, LIST, DOCUMENT, LIST]);
    expect(error).toMatchObject({ code: "NO_ROLE_ATTACHED", step: "role", statusCode: 404 });
  });

  test.each([
    ["403", answer(403)],
    ["500", answer(500)],
    ["429", answer(429)],
    ["a refusal", json({ Code: "AssumeRoleUnauthorizedAccess" })],
    ["an unusable document", text("<html>")],
    ["a reset connection", reset],
  ])("is listed again by the refresh after one in which its document ended in %s", async (_, reply) => {
    await using imds = await scriptedServer();
    const provider = providerAt(imds, { maxRetries: 0 });
    await provider();
    imds.play("credentials", reply);
    await provider({ forceRefresh: true });
    imds.forget();
    imds.play("role", listRole("new-role"));
    imds.play("credentials", serveDocument({ AccessKeyId: "ASIANEWROLE" }));
    expect((await provider({ forceRefresh: true })).accessKeyId).toBe("ASIANEWROLE");
    expect(imds.trace.filter((line) => line !== PUT)).toEqual([LIST, documentOf("new-role")]);
    expect(provider.status().roleName).toBe("new-role");
  });

  test("but was configured by name is not looked for in the list", async () => {
    await using imds = await scriptedServer({ credentials: [answer(404)] });
    const error = await failureOf(providerAt(imds, { roleName: "configured-role" })());
    expect(imds.trace).toEqual([PUT, documentOf("configured-role")]);
    expect(error).toMatchObject({ code: "NO_ROLE_ATTACHED", step: "credentials", statusCode: 404 });
    expect(error.message).toContain("configured-role");
  });
});

test("each request is retried by itself: a failure of the document causes no new token and no new list", async () => {
  await using imds = await scriptedServer({ credentials: [answer(500), json(roleDocument())] });
  await providerAt(imds)();
  expect(imds.trace).toEqual([PUT, LIST, DOCUMENT, DOCUMENT]);
});

test("a client's reads share one token", async () => {
  await using imds = await scriptedServer();
  const client = clientAt(imds);
  const bodies = await Promise.all(
    Array.from({ length: 200 }, (_, i) => client.get(`/latest/meta-data/${i}`)),
  );
  expect(new Set(bodies)).toEqual(new Set(["some metadata"]));
  expect(imds.count("token")).toBe(1);
  expect(imds.count("metadata")).toBe(200);
});
