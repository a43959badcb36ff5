import { createInterface } from "node:readline";

/** As much of its credentials as the client shows. */
export interface ReceivedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
}

/** What one question came to. */
export type Outcome = { readonly received: ReceivedCredentials } | { readonly failed: string };

const shown = ({ accessKeyId, secretAccessKey, sessionToken }: ReceivedCredentials): Outcome => ({
  received: { accessKeyId, secretAccessKey, sessionToken },
});

const failed = (error: unknown): Outcome => ({
  failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
});

/** Each line on stdin asks for credentials; each outcome is a line on stdout. Ends with stdin. */
export async function answerQuestions(getCredentials: () => Promise<ReceivedCredentials>): Promise<void> {
  for await (const _question of createInterface({ input: process.stdin })) {
    const outcome = await getCredentials().then(shown, failed);
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}

/** The credentials that a request was signed with, as far as the request tells. */
export function signerOf(headers: Iterable<readonly [string, string]>): ReceivedCredentials {
  const byName = new Map([...headers].map(([name, value]) => [name.toLowerCase(), value]));
  const accessKeyId = /Credential=([^/]+)\//.exec(byName.get("authorization") ?? "")?.[1];
  if (accessKeyId === undefined) throw new Error("the request is not signed");
  return { accessKeyId, sessionToken: byName.get("x-amz-security-token") };
}
