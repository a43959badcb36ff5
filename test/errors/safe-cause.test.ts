import { describe, expect, test } from "vitest";
import { safeCause } from "../../src/errors/safe-cause.js";

const SECRET = "kR7pQz-fW2nLx";

describe("an exception that carries an object, such as a request,", () => {
  test("is kept by name, message and code alone", () => {
    const exception = Object.assign(new TypeError("connect failed"), {
      code: "ERR_ACCESS_DENIED",
      request: {},
    });

    const cause = safeCause(exception, SECRET);

    expect(cause).not.toBe(exception);
    expect(cause).toMatchObject({ name: "TypeError", message: "connect failed", code: "ERR_ACCESS_DENIED" });
    expect(cause).not.toHaveProperty("request");
  });

  test("and shows the secret in its code is kept without it", () => {
    const exception = Object.assign(new Error("failed"), { code: `E_${SECRET}`, request: {} });
    expect(safeCause(exception, SECRET)).not.toHaveProperty("code");
  });

  test("and shows the secret in its message is dropped", () => {
    expect(safeCause(Object.assign(new Error(`with ${SECRET}`), { request: {} }), SECRET)).toBeUndefined();
  });
});

test("a system error is kept as it is", () => {
  const error = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), {
    code: "ECONNREFUSED",
    port: 9,
  });
  expect(safeCause(error, SECRET)).toBe(error);
});
