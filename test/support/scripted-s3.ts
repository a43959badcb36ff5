import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** The error that a request is answered with, and by which clock; undefined for an empty success. */
type Verdict = readonly [status: number, code: string, date?: Date] | undefined;

/** The n-th request, from 1, and the key that it is signed with. */
export type Script = (accessKeyId: string, n: number) => Verdict | Promise<Verdict>;

export interface ScriptedS3 {
  readonly url: string;
  /** The keys that the requests so far were signed with. */
  readonly keys: readonly string[];
}

/** An S3 that verifies nothing and answers as a test wants it, for refusals that a well-behaved one never gives. */
export async function scriptedS3(script: Script): Promise<ScriptedS3> {
  const keys: string[] = [];
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const [, key = ""] = /Credential=([^/]+)/.exec(request.headers.authorization ?? "") ?? [];
    const n = keys.push(key);
    await buffer(request);
    const [status, code, date] = (await script(key, n)) ?? [200, undefined];
    response.writeHead(status, {
      "content-type": "application/xml",
      ...(date && { date: date.toUTCString() }),
    });
    const body = code
      ? `<Error><Code>${code}</Code><Message>refused</Message></Error>`
      : "<ListBucketResult/>";
    response.end(request.method === "HEAD" ? undefined : body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("listens on no port");
  return { url: `http://127.0.0.1:${address.port}`, keys };
}
