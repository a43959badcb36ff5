import fc from "fast-check";
import { http, type RawAnswers } from "./raw-server.js";

/** What must never be shown, wherever a generator puts it. The key is no role's name, which may be shown. */
export const SECRETS = ["k3y!Zq8$wX#fuzz!4711", "s3ssion~Tk9pLm2Vb~0815", "1mds~Qr7wNe4Yd~1234"] as const;
const [SECRET_KEY, SESSION_TOKEN, IMDS_TOKEN] = SECRETS;

const FUTURE = "2099-01-01T00:00:00Z";

const GOOD_DOCUMENT = {
  Code: "Success",
  LastUpdated: "2026-01-01T00:00:00Z",
  Type: "AWS-HMAC",
  AccessKeyId: "ASIAFUZZ",
  SecretAccessKey: SECRET_KEY,
  Token: SESSION_TOKEN,
  Expiration: FUTURE,
};

export const GOOD: RawAnswers = {
  token: http(200, IMDS_TOKEN, ["X-aws-ec2-metadata-token-ttl-seconds: 21600"]),
  role: http(200, "fuzz-role"),
  credentials: http(200, JSON.stringify(GOOD_DOCUMENT)),
};

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", " ", "\n", "\0", "null", "../", "%2f", "?", "#", "__proto__", SECRET_KEY),
);

/** Bytes instead of a response, and responses that are nearly HTTP. */
const rawAnswer = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record({
      version: fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/2", "http/1.1", "HTTP/9.9", "ICY", ""),
      status: fc.oneof(fc.integer({ min: 0, max: 1000 }).map(String), fc.string({ maxLength: 4 })),
      reason: fc.string({ maxLength: 20 }),
      headers: fc.array(fc.tuple(fc.string({ maxLength: 30 }), fc.string({ maxLength: 60 })), {
        maxLength: 5,
      }),
      length: fc.option(
        fc.oneof(fc.integer({ min: -5, max: 100_000 }).map(String), fc.string({ maxLength: 5 })),
      ),
      body: fc.string({ unit: "binary", maxLength: 200 }),
    })
    .map(({ version, status, reason, headers, length, body }) => {
      const lines = [
        `${version} ${status} ${reason}`,
        ...headers.map(([name, value]) => `${name}: ${value}`),
      ];
      if (length !== null) lines.push(`Content-Length: ${length}`);
      return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1");
    }),
);

const anyStatus = fc.oneof(
  fc.constantFrom(200, 301, 400, 401, 403, 404, 405, 410, 418, 429, 431, 500, 501, 502, 503),
  fc.integer({ min: 100, max: 999 }),
);

const statusAnswer = fc.tuple(anyStatus, anyText).map(([status, body]) => http(status, body));

const bodyAnswer = fc
  .oneof(anyText, fc.uint8Array({ maxLength: 200 }), fc.json())
  .map((body) => http(200, body));

const nearToken = fc
  .record({
    token: fc.oneof(
      fc.constant(IMDS_TOKEN),
      anyText,
      fc.nat(2000).map((length) => "t".repeat(length)),
    ),
    ttl: fc.oneof(
      fc.integer().map(String),
      fc.constantFrom("21601", "0", "1e3", "99999999999999999999"),
      fc.string({ maxLength: 10, unit: "grapheme-ascii" }),
    ),
  })
  .map(({ token, ttl }) =>
    http(200, token, [`X-aws-ec2-metadata-token-ttl-seconds: ${ttl.replace(/[^\x20-\x7e]/g, "")}`]),
  );

const nearRoleList = fc
  .array(
    fc.oneof(
      anyText,
      fc.constantFrom(
        "role",
        ".",
        "..",
        "../../user-data",
        "a/b",
        "/a",
        "a/../b",
        "a/.",
        "arn:aws:iam::123456789012:role/team/app",
        IMDS_TOKEN,
        `x${IMDS_TOKEN.slice(1)}`,
        "r".repeat(600),
        "a%2fb",
        "a b",
        "a?b",
        "a#b",
        "a\r\nHost: x",
        "é",
      ),
      fc.string({ unit: fc.constantFrom(..."abcXYZ019+=,.@_-/: %") }),
    ),
    { maxLength: 4 },
  )
  .map((lines) => http(200, lines.join("\n")));

const wrongValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  anyText,
  fc
    .date({ noInvalidDate: false })
    .map((date) => (Number.isNaN(date.getTime()) ? "Invalid Date" : date.toISOString())),
  fc.constantFrom(
    "2026-02-30T00:00:00Z",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "2099-01-01T00:00:00+02:00",
    "2099-01-01T00:00:00+0200",
    "2099-01-01 00:00:00Z",
    "2099-01-01T00:00:00.123456789Z",
    4_070_908_800,
    "Failed",
    "success",
    " SUCCESS",
    "AssumeRoleUnauthorizedAccess",
  ),
);

/** A credentials document with some fields missing, of another type, or strange. */
const nearDocument = fc
  .record({
    changes: fc.dictionary(
      fc.constantFrom(...Object.keys(GOOD_DOCUMENT), "Message", "AccountId"),
      wrongValue,
      {
        maxKeys: 3,
        noNullPrototype: true,
      },
    ),
    without: fc.subarray(Object.keys(GOOD_DOCUMENT), { maxLength: 2 }),
    cut: fc.option(fc.nat({ max: 300 }), { freq: 8 }),
  })
  .map(({ changes, without, cut }) => {
    const document: Record<string, unknown> = { ...GOOD_DOCUMENT, ...changes };
    for (const name of without) delete document[name];
    // A refusal is shown unless it repeats a key of the document: nothing else can tell that it is a key.
    if (document.Code === SECRET_KEY || document.Message === SECRET_KEY)
      document.SecretAccessKey = SECRET_KEY;
    const text = JSON.stringify(document);
    return http(200, cut === null ? text : text.slice(0, cut));
  });

/** A secret, or twelve and more characters of it, which is what makes a refusal withheld. */
const secretPart = fc
  .tuple(fc.constantFrom(...SECRETS), fc.nat(3), fc.nat(3))
  .map(([secret, start, end]) => secret.slice(start, secret.length - end));

const refusal = fc
  .record({
    code: fc.oneof(anyText, secretPart),
    message: fc.oneof(
      anyText,
      secretPart,
      fc.tuple(anyText, secretPart, anyText).map((parts) => parts.join(" ")),
    ),
  })
  .map(({ code, message }) => http(200, JSON.stringify({ ...GOOD_DOCUMENT, Code: code, Message: message })));

const strange = (near: fc.Arbitrary<Buffer>) =>
  fc.oneof({ arbitrary: near, weight: 4 }, rawAnswer, statusAnswer, bodyAnswer);

/** One step is refused in a plain way: each way so often that a short run has them all. */
const plainRefusal: fc.Arbitrary<RawAnswers> = fc
  .tuple(
    fc.constantFrom("token", "role", "credentials"),
    fc.constantFrom(
      ...[400, 401, 403, 404, 405, 410, 429, 431, 500, 501, 503].map((status) => http(status, "")),
      Buffer.alloc(0),
    ),
  )
  .map(([step, refused]) => ({ ...GOOD, [step]: refused }));

/** One step has a strange response, the others good ones; now and then all of them are strange. */
export const answers: fc.Arbitrary<RawAnswers> = fc.oneof(
  { arbitrary: plainRefusal, weight: 5 },
  { arbitrary: strange(nearToken).map((token) => ({ ...GOOD, token })), weight: 3 },
  { arbitrary: strange(nearRoleList).map((role) => ({ ...GOOD, role })), weight: 3 },
  {
    arbitrary: strange(fc.oneof(nearDocument, refusal)).map((credentials) => ({ ...GOOD, credentials })),
    weight: 5,
  },
  fc.record({ token: strange(nearToken), role: strange(nearRoleList), credentials: strange(nearDocument) }),
);

/** Values for the environment and the config file, around what would be right. */
const settingText = (...right: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...right),
    fc.string({ unit: "grapheme-ascii" }),
    fc.constantFrom("", " ", "-1", "0", "NaN", "1e3", "∞"),
  );

export interface SettingTexts {
  readonly timeout: string;
  readonly attempts: string;
  readonly v1: string;
  readonly mode: string;
  readonly role: string;
}

export const settingTexts: fc.Arbitrary<SettingTexts> = fc.record({
  timeout: settingText("5", "2.5", " 5 "),
  attempts: settingText("1", "2"),
  v1: settingText("true", "FALSE"),
  mode: settingText("IPv4", "ipv6"),
  role: settingText("fuzz-role", "a/b"),
});

/** A whole config file: sections, keys and lines that are none. */
export const configFile: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "[default]",
        "[profile x]",
        "[default",
        "]",
        "[]",
        "[__proto__]",
        "#",
        ";",
        "=",
        "s3 =\n  a = b",
      ),
      settingTexts.map(({ timeout }) => `metadata_service_timeout = ${timeout}`),
      settingTexts.map(({ attempts }) => `metadata_service_num_attempts = ${attempts}`),
      settingTexts.map(({ v1 }) => `ec2_metadata_v1_disabled=${v1}`),
      settingTexts.map(({ role }) => `ec2_instance_profile_name = ${role}`),
      fc.string({ unit: "binary", maxLength: 40 }),
    ),
    { maxLength: 8 },
  )
  .map((lines) => lines.join("\n"));
