import { describe, expect, test } from "vitest";
import { fromInstanceRole } from "../../../src/index.js";
import { failureOf } from "../../support/failure.js";
import { findLeaks } from "../../support/leaks.js";
import { DATES, DOCUMENT, DOCUMENTS, type OddAnswer, ROLE_LISTS, STATUSES, TOKENS } from "./answers.js";
import { KEYS, TOKEN } from "./expectations.js";
import { type Answers, RawService } from "./raw-service.js";
import { go, goError, goJson } from "./wire-forms.js";

const LIST = "/latest/meta-data/iam/security-credentials/";
const PUT = "PUT /latest/api/token";
const DOCUMENT_OF_APP = `GET ${LIST}app` as const;

/** A service whose every answer is as EC2's, but for some. */
const serviceWith = (changes: Partial<Answers>): Promise<RawService> =>
  RawService.start({
    [PUT]: go(200, TOKEN),
    [`GET ${LIST}`]: go(200, "app"),
    [DOCUMENT_OF_APP]: goJson(DOCUMENT),
    otherwise: goError(404),
    ...changes,
  } as Answers);

async function expectOutcome(service: RawService, becomes: OddAnswer["becomes"]): Promise<void> {
  const provider = fromInstanceRole({
    endpoint: service.endpoint,
    shared: false,
    timeout: 10_000,
    maxRetries: 1,
  });
  if ("code" in becomes) {
    const error = await failureOf(provider());
    expect(error.code).toBe(becomes.code);
    if (becomes.says) expect(error.message).toMatch(becomes.says);
    expect(findLeaks(error.message, [TOKEN, ...Object.values(KEYS)])).toEqual([]);
    return;
  }
  const identity = await provider();
  expect(identity.accessKeyId).toBe(KEYS.AccessKeyId);
  // None of the documents has one that is a plain word.
  expect(identity).not.toHaveProperty("accountId");
  if ("expiration" in becomes) expect(identity.expiration?.toISOString()).toBe(becomes.expiration);
  else expect(provider.status().roleName).toBe(becomes.roleName);
  provider.close();
}

const rows = (table: Readonly<Record<string, OddAnswer>>) => Object.entries(table);

describe("an Expiration as it is written by", () => {
  test.each(rows(DATES))("%s", async (_, { answer, becomes }) => {
    await using service = await serviceWith({ [DOCUMENT_OF_APP]: answer });
    await expectOutcome(service, becomes);
  });
});

describe("a document:", () => {
  test.each(rows(DOCUMENTS))("%s", async (_, { answer, becomes }) => {
    await using service = await serviceWith({ [DOCUMENT_OF_APP]: answer });
    await expectOutcome(service, becomes);
  });
});

describe("a role list:", () => {
  test.each(rows(ROLE_LISTS))("%s", async (_, { answer, becomes }) => {
    // Every name has a document, so that only the list decides.
    await using service = await serviceWith({ [`GET ${LIST}`]: answer, otherwise: goJson(DOCUMENT) });
    await expectOutcome(service, becomes);
    const asked = service.requests.filter(
      (line) => line.startsWith(`GET ${LIST}`) && !line.endsWith("credentials/"),
    );
    if ("asks" in becomes) expect(asked).toEqual([`GET ${LIST}${becomes.asks}`]);
    if ("code" in becomes) expect(asked).toEqual([]);
  });
});

describe("a session token:", () => {
  test.each(rows(TOKENS))("%s", async (_, { answer, becomes }) => {
    await using service = await serviceWith({ [PUT]: answer });
    await expectOutcome(service, becomes);
  });
});

describe("the token's PUT answered with", () => {
  test.each(rows(STATUSES))("%s", async (_, { answer, becomes }) => {
    await using service = await serviceWith({ [PUT]: answer });
    await expectOutcome(service, becomes);
  });
});

describe("an endpoint with a path too many", () => {
  test.each([404, 405, 410, 501])(
    "answered with %i: the message is about the path, not about IMDSv1",
    async (status) => {
      await using service = await RawService.start({ otherwise: goError(status, "…") });
      const error = await failureOf(
        fromInstanceRole({ endpoint: `${service.endpoint}/latest`, shared: false, timeout: 10_000 })(),
      );
      expect(error.code).toBe("TOKEN_UNSUPPORTED");
      expect(error.message).toContain("/latest");
      expect(error.message).not.toMatch(/ec2MetadataV1Disabled|IMDSv1/);
    },
  );
});

describe("a session token that the service no longer takes", () => {
  // imds-credential-server answers every mistake with 405, an expired token included.
  test.each([400, 403, 405, 431])("read answered with %i: the next refresh gets another", async (status) => {
    await using service = await serviceWith({});
    const provider = fromInstanceRole({ endpoint: service.endpoint, shared: false, timeout: 10_000 });
    await provider();
    service.change({ [DOCUMENT_OF_APP]: goError(status, "…") });
    await provider({ forceRefresh: true });
    service.change({ [DOCUMENT_OF_APP]: goJson(DOCUMENT) });
    const before = service.requests.length;

    await provider({ forceRefresh: true });

    expect(service.requests.slice(before)).toEqual([PUT, `GET ${LIST}`, DOCUMENT_OF_APP]);
    expect(provider.status().lastError).toBeUndefined();
    provider.close();
  });
});
