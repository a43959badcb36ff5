import { describe, expect, test } from "vitest";
import { failureOf } from "../support/failure.js";
import { ROLE, SECRETS } from "../support/role-document.js";
import { providerAt } from "../support/scripted-provider.js";
import { answer, text, tokenNumber } from "../support/scripted-replies.js";
import { scriptedServer } from "../support/scripted-server.js";

const LIST = "/latest/meta-data/iam/security-credentials/";

describe("the role that is listed", () => {
  test.each([
    ["one line", "app-role", "app-role"],
    ["a trailing newline", "app-role\n", "app-role"],
    ["a trailing CR LF", "app-role\r\n", "app-role"],
    ["spaces around it", "  app-role \t", "app-role"],
    ["several lines: the first", "first-role\nsecond-role\n", "first-role"],
    ["several lines with CR LF: the first", "first-role\r\nsecond-role\r\n", "first-role"],
    ["empty lines before it", "\n \r\n\napp-role\nother\n", "app-role"],
    ["the longest name that IAM allows", "r".repeat(64), "r".repeat(64)],
  ])("%s", async (_, list, name) => {
    await using imds = await scriptedServer({ role: [text(list)] });
    const provider = providerAt(imds);
    await provider();
    expect(provider.status().roleName).toBe(name);
    expect(imds.requests[2]?.path).toBe(LIST + name);
  });

  test.each(["app@prod", "a+b=c,d.e_f-g", "Aa0+=,.@_-", "...", "..app", "app.."])(
    "the characters that IAM allows are sent as they are: %s",
    async (name) => {
      await using imds = await scriptedServer({ role: [text(name)] });
      await providerAt(imds)();
      expect(imds.requests[2]?.path).toBe(LIST + name);
    },
  );

  test.each(["app@prod", "a+b=c,d.e@f"])(
    "a configured name is sent in the same way: %s",
    async (roleName) => {
      await using imds = await scriptedServer();
      await providerAt(imds, { roleName })();
      expect(imds.requests[1]?.path).toBe(LIST + roleName);
    },
  );

  test.each([
    [
      "an ARN",
      "arn:aws:iam::123456789012:role/app-role",
      "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fapp-role",
    ],
    ["an ARN with a path", "arn:aws:iam::1:role/team/app@x", "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fteam%2Fapp@x"],
    ["a path", "team/app-role", "team%2Fapp-role"],
    ["a path with a leading slash", "/team/app-role", "%2Fteam%2Fapp-role"],
    ["a colon", "app:role", "app%3Arole"],
  ])("%s becomes one segment", async (_, name, segment) => {
    await using imds = await scriptedServer({ role: [text(`${name}\n`)] });
    const provider = providerAt(imds);
    await provider();
    expect(imds.requests[2]?.path).toBe(LIST + segment);
    expect(provider.status().roleName).toBe(name);
  });
});

describe("a list without a role", () => {
  test.each([
    ["nothing", ""],
    ["a newline", "\n"],
    ["white space", " \r\n\t\n "],
  ])("that holds %s is retried, then NO_ROLE_ATTACHED", async (_, list) => {
    await using imds = await scriptedServer({ role: [text(list)] });
    const error = await failureOf(providerAt(imds, { maxRetries: 1 })());
    expect(error).toMatchObject({ code: "NO_ROLE_ATTACHED", step: "role", attempts: 2, tryNextLink: true });
    expect(error.message).toMatch(/attach an instance profile that contains a role/i);
    expect(imds.steps).toEqual(["token", "role", "role"]);
  });

  test("that is full a moment later is no failure", async () => {
    await using imds = await scriptedServer({ role: [text(""), text(ROLE)] });
    expect((await providerAt(imds, { maxRetries: 1 })()).accessKeyId).toBe(SECRETS.accessKeyId);
  });

  test("that answers 404 is NO_ROLE_ATTACHED at once", async () => {
    await using imds = await scriptedServer({ role: [answer(404, "<html>404 - Not Found</html>")] });
    const error = await failureOf(providerAt(imds)());
    expect(error).toMatchObject({ code: "NO_ROLE_ATTACHED", step: "role", attempts: 1, statusCode: 404 });
    expect(error.message).toMatch(/attach an instance profile that contains a role/i);
  });
});

describe("a name that tries to reach another path", () => {
  test.each([
    ["..", ".."],
    [".", "."],
    ["../", "../user-data"],
    ["../ in the middle", "app/../user-data"],
    ["./ at the start", "./user-data"],
    ["/.. at the end", "app/.."],
    ["/. at the end of an ARN", "arn:aws:iam::1:role/."],
    ["a backslash", "..\\user-data"],
    ["%2f", "..%2fuser-data"],
    ["%2e", "%2e%2e"],
    ["a query", "app-role?x=1"],
    ["a fragment", "app-role#x"],
    ["a space", "app role"],
    ["a carriage return in the middle", "app\rrole"],
    ["a tab in the middle", "app\trole"],
    ["a null character", "app\u0000role"],
    ["a vertical tab", "app\u000brole"],
    ["a letter beyond ASCII", "rôle"],
    ["a full-width full stop", "\uff0e\uff0e"],
    ["a line separator", "app\u2028role"],
    ["HTML", "<html><body>app-role</body></html>"],
  ])("%s is INVALID_RESPONSE, and no request is sent with it", async (_, name) => {
    await using imds = await scriptedServer({ role: [text(name)] });
    const error = await failureOf(providerAt(imds)());
    expect(error).toMatchObject({ code: "INVALID_RESPONSE", step: "role", attempts: 1, tryNextLink: true });
    expect(imds.steps).toEqual(["token", "role"]);
  });

  test.each(["../user-data", "a/b", "..", ".", "a b", "a?b", "a#b", "a%2fb", "a\nb", ""])(
    "%j is refused as an option as well",
    async (roleName) => {
      await using imds = await scriptedServer();
      expect(() => providerAt(imds, { roleName })).toThrow(TypeError);
      expect(() => providerAt(imds, { roleName })).toThrow(/roleName/);
    },
  );
});

describe("a name that must not be shown is INVALID_RESPONSE, and is in no message and no status", () => {
  const overLong = "r".repeat(513);
  test.each([
    ["the token in force", tokenNumber(1)],
    ["something around the token", `role-${tokenNumber(1)}-x`],
    ["the token without its last character", tokenNumber(1).slice(0, -1)],
    ["the token without its first character", tokenNumber(1).slice(1)],
    ["513 characters", overLong],
    ["64 KiB", "r".repeat(64 * 1024)],
  ])("%s", async (_, name) => {
    await using imds = await scriptedServer({ role: [text(name)] });
    const provider = providerAt(imds);
    const error = await failureOf(provider());
    expect(error).toMatchObject({ code: "INVALID_RESPONSE", step: "role", attempts: 1 });
    expect(error.message.length).toBeLessThan(1000);
    expect(error.message).not.toContain(name.slice(0, 12));
    expect(JSON.stringify(provider.status())).not.toContain(name.slice(0, 12));
    expect(imds.steps).toEqual(["token", "role"]);
  });

  test("credentials of an earlier refresh", async () => {
    await using imds = await scriptedServer();
    const provider = providerAt(imds);
    await provider();
    imds.play("credentials", answer(404));
    imds.play("role", text(SECRETS.accessKeyId));
    await provider({ forceRefresh: true });
    const { lastError, roleName } = provider.status();
    expect(lastError).toMatchObject({ code: "INVALID_RESPONSE", step: "role" });
    expect(`${lastError?.message} ${roleName}`).not.toContain(SECRETS.accessKeyId);
  });

  test.each(["secret", "the-token", "a1b2c3d4e5f"])("a short token in the middle: %s", async (token) => {
    await using imds = await scriptedServer({ token: [text(token)], role: [text(`role-${token}-x`)] });
    expect(await failureOf(providerAt(imds)())).toMatchObject({ code: "INVALID_RESPONSE", step: "role" });
  });

  test("but a token of a few letters, which some services have, is in names by chance", async () => {
    await using imds = await scriptedServer({ token: [text("app")], role: [text("app-role")] });
    expect((await providerAt(imds)()).accessKeyId).toBe(SECRETS.accessKeyId);
  });

  test("512 characters are a name", async () => {
    const name = "r".repeat(512);
    await using imds = await scriptedServer({ role: [text(name)] });
    await providerAt(imds)();
    expect(imds.requests[2]?.path).toBe(LIST + name);
  });
});
