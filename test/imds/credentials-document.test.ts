import { describe, expect, test } from "vitest";
import { failureOf } from "../support/failure.js";
import { ec2Date, inHours, ROLE, roleDocument, SECRETS } from "../support/role-document.js";
import { providerAt } from "../support/scripted-provider.js";
import { answer, inTinyPieces, json, serveDocument, text, tokenNumber } from "../support/scripted-replies.js";
import type { Reply } from "../support/scripted-server.js";
import { scriptedServer } from "../support/scripted-server.js";

/** The credentials from what `reply` serves. */
async function load(reply: Reply) {
  await using imds = await scriptedServer({ credentials: [reply] });
  return await providerAt(imds)();
}

/** The error from what `reply` serves, and how often it was requested. */
async function refusal(reply: Reply) {
  await using imds = await scriptedServer({ credentials: [reply] });
  const error = await failureOf(providerAt(imds, { maxRetries: 1 })());
  return { error, asked: imds.count("credentials") };
}

async function expectInvalid(reply: Reply, names?: string): Promise<void> {
  const { error, asked } = await refusal(reply);
  expect(error).toMatchObject({
    code: "INVALID_RESPONSE",
    step: "credentials",
    attempts: 2,
    statusCode: 200,
    tryNextLink: true,
  });
  if (names) expect(error.message).toContain(names);
  expect(asked).toBe(2);
}

describe("a good document", () => {
  test("becomes the identity that the SDK wants, with its true expiration and the SDK's source mark", async () => {
    const expiration = inHours(6);
    expect(await load(serveDocument({ Expiration: ec2Date(expiration) }))).toEqual({
      accessKeyId: SECRETS.accessKeyId,
      secretAccessKey: SECRETS.secretAccessKey,
      sessionToken: SECRETS.token,
      expiration,
      $source: { CREDENTIALS_IMDS: "0" },
    });
  });

  test("is not frozen, since the SDK writes on it", async () => {
    expect(Object.isFrozen(await load(serveDocument()))).toBe(false);
  });

  test("with AccountId gives accountId", async () => {
    expect(await load(serveDocument({ AccountId: "123456789012" }))).toMatchObject({
      accountId: "123456789012",
    });
  });

  test.each([
    ["missing", undefined],
    ["null", null],
    ["empty", ""],
  ])("with AccountId %s has no such key", async (_, AccountId) => {
    expect(await load(serveDocument({ AccountId }))).not.toHaveProperty("accountId");
  });

  test("may come byte by byte", async () => {
    const identity = await load(inTinyPieces(JSON.stringify(roleDocument())));
    expect(identity.secretAccessKey).toBe(SECRETS.secretAccessKey);
  });

  test("may have unknown fields, and lack those that are not needed", async () => {
    const identity = await load(
      serveDocument({ LastUpdated: undefined, Type: undefined, Novel: { a: [1] } }),
    );
    expect(identity.accessKeyId).toBe(SECRETS.accessKeyId);
  });

  test("may be laid out over lines, with a byte order mark", async () => {
    const identity = await load(text(`\ufeff${JSON.stringify(roleDocument(), null, 2)}\r\n`));
    expect(identity.accessKeyId).toBe(SECRETS.accessKeyId);
  });
});

describe("the expiration", () => {
  const at = Date.UTC(2040, 4, 17, 9, 30, 15);
  test.each([
    ["in UTC", "2040-05-17T09:30:15Z", at],
    ["in lower case", "2040-05-17t09:30:15z", at],
    ["with an offset to the east", "2040-05-17T11:30:15+02:00", at],
    ["with an offset to the west", "2040-05-17T04:00:15-05:30", at],
    ["with an offset that changes the day", "2040-05-18T00:30:15+15:00", at],
    ["with a zero offset", "2040-05-17T09:30:15+00:00", at],
    ["with an offset to the east without a colon", "2040-05-17T11:30:15+0200", at],
    ["with an offset to the west without a colon", "2040-05-17T04:00:15-0530", at],
    ["with a zero offset without a colon", "2040-05-17T09:30:15+0000", at],
    ["with milliseconds and an offset without a colon", "2040-05-17T09:30:15.250+0000", at + 250],
    ["with milliseconds", "2040-05-17T09:30:15.250Z", at + 250],
    ["with one digit of a fraction", "2040-05-17T09:30:15.5Z", at + 500],
    ["with nanoseconds", "2040-05-17T09:30:15.250000999Z", at + 250],
    ["on a leap day", "2040-02-29T00:00:00Z", Date.UTC(2040, 1, 29)],
  ])("%s is read to the millisecond", async (_, Expiration, expected) => {
    expect((await load(serveDocument({ Expiration }))).expiration?.getTime()).toBe(expected);
  });

  test.each([
    ["words", "tomorrow"],
    ["a date alone", "2040-05-17"],
    ["no zone", "2040-05-17T09:30:15"],
    ["a space for the T", "2040-05-17 09:30:15Z"],
    ["an HTTP date", "Thu, 17 May 2040 09:30:15 GMT"],
    ["seconds since the epoch, as text", "2220859815"],
    ["month 13", "2040-13-17T09:30:15Z"],
    ["day 32", "2040-05-32T09:30:15Z"],
    ["30 February", "2040-02-30T09:30:15Z"],
    ["29 February of no leap year", "2041-02-29T09:30:15Z"],
    ["hour 25", "2040-05-17T25:30:15Z"],
    ["hour 24", "2040-05-17T24:00:00Z"],
    ["an offset of 25 hours", "2040-05-17T09:30:15+25:00"],
    ["minute 60", "2040-05-17T09:60:15Z"],
    ["something after it", "2040-05-17T09:30:15Z and so on"],
    ["something before it", "on 2040-05-17T09:30:15Z"],
    ["a comma for the fraction", "2040-05-17T09:30:15,5Z"],
    ["an offset without minutes", "2040-05-17T09:30:15+02"],
    ["an offset with a blank", "2040-05-17T09:30:15 +0200"],
    ["an offset without a colon of 25 hours", "2040-05-17T09:30:15+2500"],
  ])("as %s is INVALID_RESPONSE naming Expiration", async (_, Expiration) => {
    await expectInvalid(serveDocument({ Expiration }), "Expiration");
  });
});

describe("the Code", () => {
  test.each([
    ["missing, as moto has it", undefined],
    ["null", null],
    ["empty", ""],
    ["in lower case", "success"],
    ["in upper case", "SUCCESS"],
    ["with blanks around it", " Success "],
  ])("%s is that of a good document", async (_, Code) => {
    expect((await load(serveDocument({ Code }))).accessKeyId).toBe(SECRETS.accessKeyId);
  });

  test.each([17, true, { value: "Success" }, ["Success"]])("as %j is INVALID_RESPONSE", async (Code) => {
    await expectInvalid(serveDocument({ Code }), "Code");
  });

  test.each(["AccessKeyId", "SecretAccessKey", "Token", "Expiration"])(
    "missing from a document without %s is INVALID_RESPONSE",
    async (field) => {
      await expectInvalid(serveDocument({ Code: undefined, [field]: undefined }), field);
    },
  );
});

describe.each(["AccessKeyId", "SecretAccessKey", "Token", "Expiration"])("the field %s", (field) => {
  test.concurrent.each([
    ["missing", undefined],
    ["null", null],
    ["empty", ""],
    ["a number", 17],
    ["true", true],
    ["an object", { value: "x" }],
    ["a list", ["x"]],
  ])("as %s is INVALID_RESPONSE that names it", async (_, value) => {
    await expectInvalid(serveDocument({ [field]: value }), field);
  });

  test.concurrent("is not taken from what every object inherits", async () => {
    const { [field]: taken, ...rest } = roleDocument();
    const body = `{"__proto__":${JSON.stringify({ [field]: taken })},${JSON.stringify(rest).slice(1)}`;
    await expectInvalid(text(body), field);
  });
});

describe.each(["AccessKeyId", "SecretAccessKey", "Token"])("the key %s", (field) => {
  test.concurrent.each([
    ["a line break", "one\r\nX-Injected: yes"],
    ["a space", "one two"],
    ["a null character", "one\u0000"],
    ["a letter beyond ASCII", "schlüssel"],
  ])("with %s, which could not be sent, is INVALID_RESPONSE", async (_, value) => {
    await expectInvalid(serveDocument({ [field]: value }), field);
  });
});

test.each([
  ["a number", 123456789012],
  ["false", false],
  ["an object", {}],
  ["a list", ["123456789012"]],
  ["several words", "1234 5678"],
  ["something with a line break", "123456789012\n"],
  ["a long text", "1".repeat(1000)],
])("an AccountId that is %s is ignored", async (_, AccountId) => {
  const identity = await load(serveDocument({ AccountId }));
  expect(identity.accessKeyId).toBe(SECRETS.accessKeyId);
  expect(identity).not.toHaveProperty("accountId");
});

describe("what is no JSON object", () => {
  test.concurrent.each([
    ["an HTML page", "<html><body>hello</body></html>"],
    ["half a document", JSON.stringify(roleDocument()).slice(0, 120)],
    ["a document and more", `${JSON.stringify(roleDocument())}}`],
    ["null", "null"],
    ["a string", JSON.stringify("Success")],
    ["a number", "42"],
    ["true", "true"],
    ["an empty list", "[]"],
    ["a list of documents", JSON.stringify([roleDocument()])],
    ["an empty object", "{}"],
    ["white space", "  \n"],
  ])("%s is retried, then INVALID_RESPONSE", async (_, body) => {
    await expectInvalid(text(body));
  });

  test("once, and then a document, is no failure", async () => {
    await using imds = await scriptedServer({ credentials: [text("<html>"), serveDocument()] });
    expect((await providerAt(imds, { maxRetries: 1 })()).accessKeyId).toBe(SECRETS.accessKeyId);
  });

  test("is never quoted", async () => {
    const { error } = await refusal(text(`{"Code": ${SECRETS.body}`));
    expect(error.message).not.toContain(SECRETS.body);
    expect(error.cause).toBeUndefined();
  });
});

describe("a role that EC2 may not assume", () => {
  const denied = { Code: "AssumeRoleUnauthorizedAccess", Message: "EC2 cannot assume the role app-role." };

  test("is ROLE_NOT_ASSUMABLE with Code and Message, without a retry", async () => {
    await using imds = await scriptedServer({ credentials: [json(denied)] });
    const error = await failureOf(providerAt(imds)());
    expect(error).toMatchObject({
      code: "ROLE_NOT_ASSUMABLE",
      step: "credentials",
      attempts: 1,
      tryNextLink: true,
    });
    expect(error.message).toContain(denied.Code);
    expect(error.message).toContain(denied.Message);
    expect(error.message).toContain(ROLE);
    expect(error.message).toMatch(/trust policy must let ec2\.amazonaws\.com assume it/);
    expect(imds.steps).toEqual(["token", "role", "credentials"]);
  });

  test("is ROLE_NOT_ASSUMABLE without a Message as well", async () => {
    const { error } = await refusal(json({ Code: "SomethingUndocumented" }));
    expect(error.code).toBe("ROLE_NOT_ASSUMABLE");
    expect(error.message).toContain("SomethingUndocumented");
  });

  test("is ROLE_NOT_ASSUMABLE even if the document still has keys", async () => {
    const { error } = await refusal(serveDocument(denied));
    expect(error.code).toBe("ROLE_NOT_ASSUMABLE");
  });

  test.each([17, null, {}, ["x"]])("a Message that is %j does no harm", async (Message) => {
    const { error } = await refusal(json({ Code: "Failed", Message }));
    expect(error.code).toBe("ROLE_NOT_ASSUMABLE");
    expect(error.message).not.toContain("[object");
  });

  test.each([
    ["a key of the document", SECRETS.accessKeyId],
    ["the secret key", SECRETS.secretAccessKey],
    ["the secret key without its last character", SECRETS.secretAccessKey.slice(0, -1)],
    ["the session token without its first character", SECRETS.token.slice(1)],
    ["twelve characters of the session token", SECRETS.token.slice(5, 17)],
    ["the token of the request", tokenNumber(1)],
    ["the token of the request without its last character", tokenNumber(1).slice(0, -1)],
    ["twelve characters of the request's token", tokenNumber(1).slice(3, 15)],
  ])("a Message that repeats %s is withheld", async (_, secret) => {
    const { error } = await refusal(
      serveDocument({ Code: "Failed", Message: `cannot use ${secret}, sorry` }),
    );
    expect(error.code).toBe("ROLE_NOT_ASSUMABLE");
    expect(error.message).toContain("Failed: (withheld)");
    expect(error.message).not.toContain(secret.slice(0, 12));
  });

  test("a Message that repeats credentials of an earlier refresh is withheld", async () => {
    await using imds = await scriptedServer();
    const provider = providerAt(imds);
    await provider();
    imds.play("credentials", json({ Code: "Failed", Message: `${SECRETS.secretAccessKey} is not valid` }));
    await provider({ forceRefresh: true });
    const message = provider.status().lastError?.message;
    expect(message).toContain("Failed: (withheld)");
  });

  test.each([
    ["the token", tokenNumber(1)],
    ["the secret key", SECRETS.secretAccessKey],
    ["a page", "<html><body>Failed</body></html>"],
    ["two words", "Not Good"],
    ["a line break", "Not\nGood"],
    ["a long text", "x".repeat(5000)],
  ])("a Code that is %s is withheld", async (_, Code) => {
    const { error } = await refusal(serveDocument({ Code, Message: undefined }));
    expect(error.code).toBe("ROLE_NOT_ASSUMABLE");
    expect(error.message).toContain(": (withheld). The role's trust policy");
    expect(error.message).not.toContain(Code);
  });

  test("a Message in any language is shown, without what would turn or break the line", async () => {
    const Message = "Rôle ünassumable \u{1F510}\u202e\u2028\u0007: 役割";
    const { error } = await refusal(serveDocument({ Code: "Failed", Message }));
    expect(error.message).toContain("Failed: Rôle ünassumable \u{1F510} : 役割.");
  });

  test("each attempt that it took counts", async () => {
    await using imds = await scriptedServer({ credentials: [answer(503), answer(503), json(denied)] });
    expect(await failureOf(providerAt(imds)())).toMatchObject({ code: "ROLE_NOT_ASSUMABLE", attempts: 3 });
  });

  test.each(["AccessKeyId", "SecretAccessKey", "Token"])(
    "has its Message shown when its %s is empty or not text",
    async (key) => {
      for (const value of ["", 17, null]) {
        const { error } = await refusal(
          serveDocument({ Code: "Failed", Message: "17 null undefined", [key]: value }),
        );
        expect(error.message).toContain("Failed: 17 null undefined.");
      }
    },
  );

  test("has its Message in one line", async () => {
    const { error } = await refusal(json({ Code: "Failed", Message: " one\r\n\r\ntwo\t\t" }));
    expect(error.message).toContain("Failed: one two.");
  });

  test("a Message cannot forge log lines or fill them", async () => {
    const { error } = await refusal(
      json({ Code: "Failed", Message: `a\r\nb\u001b[31m${"x".repeat(50_000)}` }),
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(error.message).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(error.message.length).toBeLessThan(2000);
  });
});
