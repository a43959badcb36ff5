import { malformed } from "../errors/request-failure.js";

/** A JSON object's own fields. Throws a `RequestFailure` that never quotes the text, as the parser's own message does. */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("the document is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed("the document is not a JSON object");
  }
  return { ...value };
}
