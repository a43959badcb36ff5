import { malformed } from "../errors/request-failure.js";

/** Such as a Region, an instance id or an account id. */
export const isWord = (text: string): boolean => /^[\w.-]{1,128}$/.test(text);

/** The body as one word. Throws a `RequestFailure` if it is none. */
export function parseWord(body: string): string {
  const text = body.trim();
  if (!isWord(text)) throw malformed("the response is not a single word");
  return text;
}
