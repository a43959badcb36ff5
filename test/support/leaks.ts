/**
 * So many characters of a secret in a row are a leak: less than a JSON parser quotes of what it cannot parse. An encoding
 * spends more characters on the same part of a secret.
 */
const WINDOW = 6;

function* windowsOf(text: string, length: number): Iterable<string> {
  for (let start = 0; start + length <= text.length; start++) yield text.slice(start, start + length);
}

/** A secret as it is and as it looks after the encodings that texts go through, each with the length of a leak. */
const formsOf = (secret: string): [form: string, window: number][] => [
  [secret, WINDOW],
  [encodeURIComponent(secret), WINDOW],
  [Buffer.from(secret).toString("base64"), (WINDOW * 4) / 3],
  [Buffer.from(secret).toString("base64url"), (WINDOW * 4) / 3],
  [Buffer.from(secret).toString("hex"), WINDOW * 2],
];

/**
 * The pieces of secrets that a text holds, whole or in part, encoded or not, each with what comes before it.
 *
 * @throws Error if there is no secret to look for, or one too short to be found: the search would prove nothing
 */
export function findLeaks(text: string, secrets: Iterable<string>): string[] {
  const windows = new Map<number, Set<string>>();
  for (const secret of secrets) {
    if (secret.length < WINDOW) throw new Error("a secret is too short to be looked for");
    for (const [form, length] of formsOf(secret)) {
      const known = windows.get(length) ?? new Set();
      windows.set(length, known);
      for (const window of windowsOf(form, length)) known.add(window);
    }
  }
  if (windows.size === 0) throw new Error("there are no secrets to look for");
  const leaks: string[] = [];
  for (const [length, known] of windows) {
    let start = 0;
    for (const window of windowsOf(text, length)) {
      if (known.has(window)) leaks.push(text.slice(Math.max(0, start - 60), start + length));
      start++;
    }
  }
  return leaks;
}
