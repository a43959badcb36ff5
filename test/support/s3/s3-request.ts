import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";

/** A request as it came over the wire. */
export interface S3Request {
  readonly method: string;
  /** Percent-encoded as it was sent, without the query: this is what was signed. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly bucket: string;
  /** Empty if the request is about the bucket. */
  readonly key: string;
}

export async function readRequest(message: IncomingMessage): Promise<S3Request> {
  const [path = "", query = ""] = (message.url ?? "").split(/\?(.*)/s);
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: message.method ?? "",
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: Object.fromEntries(headers),
    body: await buffer(message),
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(key),
  };
}

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer;
}
