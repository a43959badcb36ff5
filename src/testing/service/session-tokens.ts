import { randomBytes } from "node:crypto";

/** The session tokens of one mock: any number live at once, each until its own time is over. */
export class SessionTokens {
  readonly #ends = new Map<string, number>();

  /** A new token that is good for `ttlSeconds`. */
  issue(ttlSeconds: number): string {
    const now = Date.now();
    // Swept now and then, so that a mock that runs for days does not grow.
    if (this.#ends.size >= 1000)
      for (const [token, end] of this.#ends) if (end <= now) this.#ends.delete(token);
    const token = `AQAE${randomBytes(37).toString("base64").replaceAll("+", "-").replaceAll("/", "_")}`;
    this.#ends.set(token, now + ttlSeconds * 1000);
    return token;
  }

  accepts(token: string): boolean {
    const end = this.#ends.get(token);
    return end !== undefined && Date.now() < end;
  }

  expireAll(): void {
    this.#ends.clear();
  }
}

/** The lifetime that a token's PUT asks for, in seconds; undefined if EC2 would answer 400. */
export function requestedTtlSeconds(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d+$/.test(header)) return undefined;
  const seconds = Number(header);
  return seconds >= 1 && seconds <= 21600 ? seconds : undefined;
}
