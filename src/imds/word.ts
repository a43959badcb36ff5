import { RequestFailure } from "../errors/request-failure.js";

/** The body as one plain word, such as a Region or an instance id. Throws a `RequestFailure` if it is not one. */
export function word(body: string): string {
  const text = body.trim();
  if (!/^[\w.-]+$/.test(text)) throw new RequestFailure("unusable", "the answer is not a single word");
  return text;
}
