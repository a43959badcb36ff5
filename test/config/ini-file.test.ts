import { externalDataInterceptor, loadSharedConfigFiles } from "@smithy/core/config";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type IniFile, parseIniFile } from "../../src/config/ini-file.js";

/** A text as the AWS SDK for JavaScript reads it, as config file and as credentials file. */
async function readBySdk(text: string): Promise<{ config: object; credentials: object }> {
  externalDataInterceptor.interceptFile("the text", text);
  const files = { configFilepath: "the text", filepath: "the text" };
  const { configFile, credentialsFile } = await loadSharedConfigFiles(files);
  return { config: onlyProfiles(configFile), credentials: onlyProfiles(credentialsFile) };
}

/** The SDK gives sections of other kinds too, under names with a dot. */
const onlyProfiles = (sections: object): object =>
  Object.fromEntries(Object.entries(sections).filter(([name]) => !name.includes(".")));

const keysOf = ({ profiles }: IniFile): object =>
  Object.fromEntries(
    [...profiles]
      .map(([name, { keys }]) => [name, keys] as const)
      .filter(([, keys]) => Object.keys(keys).length > 0),
  );

async function expectAlike(text: string): Promise<void> {
  const { config, credentials } = await readBySdk(text);
  expect(keysOf(parseIniFile(text, "config file"))).toEqual(config);
  expect(keysOf(parseIniFile(text, "credentials file"))).toEqual(credentials);
}

const LINES = [
  "[default]",
  "[profile default]",
  "[profile a]",
  '[profile "b"]',
  "[profile 'b']",
  "[profile  a]",
  "[profile a b]",
  "[a]",
  "[ a ]",
  "[sso-session a]",
  "[services a]",
  "[other a]",
  "[profile",
  "[profile a] ; remark",
  "[]",
  "x = 1",
  "x=2",
  "  x = 3  ",
  "y = a = b",
  "y = value # remark",
  "y = value#no remark",
  "y =",
  "s3 =",
  "  endpoint_url = http://127.0.0.1",
  "= z",
  "no equals sign",
  "# remark",
  "; remark",
  "",
  "\ufeff[default]",
];

describe("a shared file is read as the AWS SDK for JavaScript reads it", () => {
  test("any sequence of lines, with either line end", async () => {
    const text = fc
      .tuple(fc.array(fc.constantFrom(...LINES), { maxLength: 14 }), fc.constantFrom("\n", "\r\n"))
      .map(([lines, end]) => lines.join(end));
    await fc.assert(fc.asyncProperty(text, expectAlike), { numRuns: 500 });
  });

  test("any text", async () => {
    const text = fc.string({
      unit: fc.constantFrom(..."[]=#; \n\r\tabprofile\u00e9\ud83d\ude00"),
      maxLength: 80,
    });
    await fc.assert(fc.asyncProperty(text, expectAlike), { numRuns: 500 });
  });

  test.each(["__proto__", "profile __proto__"])(
    "a section %s makes the file count as empty",
    async (header) => {
      await expectAlike(`[default]\nx = 1\n[${header}]\ny = 2\n`);
    },
  );
});

test("headers that are not closed, and sections that do not count, are reported", () => {
  const text = "[default]\nx = 1\n\n[profile broken\ny = 2\n[app]\nz = 3\n";
  expect(parseIniFile(text, "config file")).toMatchObject({
    brokenHeaders: [{ line: 4, text: "[profile broken" }],
    ignoredHeaders: ["[app]"],
  });
  expect(parseIniFile(text, "credentials file").ignoredHeaders).toEqual([]);
});
