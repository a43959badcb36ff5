import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { findLeaks } from "../../support/leaks.js";

const secret = randomBytes(30).toString("base64");
const harmless = "The credentials could not be read from http://127.0.0.1:1338: status 500. [SERVER_ERROR]";

test.for([
  ["whole", secret],
  ["in part, as a parser quotes it", secret.slice(7, 17)],
  ["six characters of it", secret.slice(11, 17)],
  ["six characters of it in base64", Buffer.from(secret).toString("base64").slice(8, 16)],
  ["six characters of it in hex", Buffer.from(secret).toString("hex").slice(10, 22)],
  ["percent-encoded", encodeURIComponent(secret)],
  ["in base64", Buffer.from(secret).toString("base64")],
  ["in hex", Buffer.from(secret).toString("hex")],
  ["in JSON", JSON.stringify({ token: secret })],
])("a planted secret is found: %s", ([, planted]) => {
  expect(findLeaks(`${harmless} ${planted} ${harmless}`, [secret])).not.toEqual([]);
});

test("text without a secret has no leaks", () => {
  expect(findLeaks(harmless, [secret])).toEqual([]);
});

test("a search for nothing is refused", () => {
  expect(() => findLeaks(harmless, [])).toThrow("no secrets");
  expect(() => findLeaks(harmless, ["short"])).toThrow("too short");
});
