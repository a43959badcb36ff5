/** So many characters of a secret in a row are a leak: less than a JSON parser quotes of what it cannot parse. */
const WINDOW = 8;

function* windowsOf(text: string): Iterable<string> {
  for (let start = 0; start + WINDOW <= text.length; start++) yield text.slice(start, start + WINDOW);
}

/** A secret as it is, and as it looks after the encodings that texts go through. */
const formsOf = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString("base64"),
  Buffer.from(secret).toString("base64url"),
  Buffer.from(secret).toString("hex"),
];

/**
 * The pieces of secrets that a text holds, whole or in part, encoded or not, each with what comes before it.
 *
 * @throws Error if there is no secret to look for, or one too short to be found: the search would prove nothing
 */
export function findLeaks(text: string, secrets: Iterable<string>): string[] {
  const windows = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < WINDOW) throw new Error("a secret is too short to be looked for");
    for (const form of formsOf(secret)) for (const window of windowsOf(form)) windows.add(window);
  }
  if (windows.size === 0) throw new Error("there are no secrets to look for");
  const leaks: string[] = [];
  let start = 0;
  for (const window of windowsOf(text)) {
    if (windows.has(window)) leaks.push(text.slice(Math.max(0, start - 60), start + WINDOW));
    start++;
  }
  return leaks;
}
