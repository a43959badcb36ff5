import { describe, expect, test } from "vitest";
import { failureOf } from "../support/failure.js";
import { ROLE, SECRETS } from "../support/role-document.js";
import { providerAt } from "../support/scripted-provider.js";
import { answer, text } from "../support/scripted-replies.js";
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

  test("every character that IAM allows reaches the service, percent-encoded where a path needs it", async () => {
    const name = "Aa0+=,.@_-";
    await using imds = await scriptedServer({ role: [text(name)] });
    await providerAt(imds)();
    const path = imds.requests[2]?.path ?? "";
    expect(path).toBe(LIST + encodeURIComponent(name));
    expect(decodeURIComponent(path)).toBe(LIST + name);
  });

  test("a configured name is encoded in the same way", async () => {
    await using imds = await scriptedServer();
    await providerAt(imds, { roleName: "a+b=c,d.e@f" })();
    expect(decodeURIComponent(imds.requests[1]?.path ?? "")).toBe(`${LIST}a+b=c,d.e@f`);
  });
});

describe("a list without a role", () => {
  test.each([
    ["nothing", ""],
    ["a newline", "\n"],
    ["white space", " \r\n\t\n "],
  ])("that holds %s is asked for again, then NO_ROLE_ATTACHED", async (_, list) => {
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
    ["a slash", "app/role"],
    ["a leading slash", "/latest/user-data"],
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
    ["a colon", "app:role"],
    ["HTML", "<html><body>app-role</body></html>"],
  ])("%s is INVALID_RESPONSE, and nothing is asked with it", async (_, name) => {
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
