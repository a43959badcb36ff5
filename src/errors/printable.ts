const MAX_LENGTH = 300;

/** Text of a service in one line, and short: no control characters, and nothing that turns or breaks the line. */
export function printable(text: string): string {
  const oneLine = text.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ");
  return [...oneLine].slice(0, MAX_LENGTH).join("").trim();
}

/** So many characters of a secret in a row are taken for the secret. */
const RUN = 12;

/** Some services have one short word as the token; any text may contain such a word by chance. */
const MIN_CONTAINED = 6;

/** Whether a text has a run of 12 characters in common with a secret, contains a shorter one, or is a very short one. */
export function repeatsSecret(text: string, secrets: readonly string[]): boolean {
  const runs = new Set<string>();
  for (let start = 0; start + RUN <= text.length; start++) runs.add(text.slice(start, start + RUN));
  return secrets.some((secret) => {
    if (secret.length < MIN_CONTAINED) return secret !== "" && text.trim() === secret;
    if (secret.length <= RUN) return text.includes(secret);
    for (let start = 0; start + RUN <= secret.length; start++) {
      if (runs.has(secret.slice(start, start + RUN))) return true;
    }
    return false;
  });
}
