import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { operationOf, S3Objects, type S3Response } from "./s3-objects.js";
import { isSignedWith, type S3Request, signatureClaim } from "./s3-signature.js";

/** A request that the endpoint has answered. */
export interface S3Call {
  readonly operation: string;
  /** Undefined if the request was anonymous. */
  readonly accessKeyId: string | undefined;
  readonly status: number;
  readonly errorCode?: string;
}

/** S3's own codes and statuses. */
const STATUS = {
  AccessDenied: 403,
  ExpiredToken: 400,
  InvalidAccessKeyId: 403,
  InvalidToken: 400,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const;

type Refusal = keyof typeof STATUS;

/**
 * A small S3 endpoint on loopback that accepts only requests signed with credentials that it knows: it signs each
 * of them again with the SDK's own signer and compares. It speaks path style (`forcePathStyle: true`), takes any
 * Region, has every bucket, and keeps objects in memory. (`npm run test:e2e` has a real one.)
 */
export class S3Endpoint {
  readonly #known = new Map<string, AwsCredentialIdentity>();
  readonly #revoked = new Set<string>();
  readonly #objects = new S3Objects();
  readonly #calls: S3Call[] = [];
  // No idle timeout: a client whose event loop was busy would reuse a connection that has just been closed.
  readonly #server = createServer(
    { keepAliveTimeout: 0 },
    (message, response) => void this.#serve(message, response),
  );

  /** Every call so far, in the order of the responses. */
  get calls(): readonly S3Call[] {
    return this.#calls;
  }

  /** From now on requests may be signed with these credentials, until their expiration if they have one. */
  accept(credentials: AwsCredentialIdentity): void {
    this.#known.set(credentials.accessKeyId, { ...credentials });
  }

  /** From now on requests signed with this key are answered `ExpiredToken`. */
  revoke(accessKeyId: string): void {
    this.#revoked.add(accessKeyId);
  }

  /** @returns the URL for the client's `endpoint` */
  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await requestOf(message).catch(() => undefined);
    // The client went away before its request was complete.
    if (!request) return void message.destroy();
    const operation = operationOf(request);
    const { status, headers, body } = await this.#answer(operation, request);
    response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : body);
  }

  async #answer(operation: string, request: S3Request): Promise<S3Response> {
    const accessKeyId = signatureClaim(request)?.accessKeyId;
    const refusal = await this.#refusalOf(request);
    if (refusal) {
      const status = STATUS[refusal];
      this.#calls.push({ operation, accessKeyId, status, errorCode: refusal });
      return { status, body: `<Error><Code>${refusal}</Code><Message>${refusal}</Message></Error>` };
    }
    const response = this.#objects.perform(operation, { ...request, body: contentOf(request) });
    this.#calls.push({ operation, accessKeyId, status: response.status });
    return response;
  }

  async #refusalOf(request: S3Request): Promise<Refusal | undefined> {
    const claim = signatureClaim(request);
    if (!claim) return "AccessDenied";
    const { accessKeyId, sessionToken, signingDate, expiresInSeconds } = claim;
    const known = this.#known.get(accessKeyId);
    // To S3, a temporary key without its session token is a key that does not exist.
    if (!known || (known.sessionToken && !sessionToken)) return "InvalidAccessKeyId";
    if (known.sessionToken !== sessionToken) return "InvalidToken";
    if (known.expiration && known.expiration.getTime() <= Date.now()) return "ExpiredToken";
    if (this.#revoked.has(accessKeyId)) return "ExpiredToken";
    if (signingDate.getTime() + expiresInSeconds * 1000 <= Date.now()) return "AccessDenied";
    if (!(await isSignedWith(known, request, claim))) return "SignatureDoesNotMatch";
    return hasItsBody(request) ? undefined : "XAmzContentSHA256Mismatch";
  }
}

async function requestOf(message: IncomingMessage): Promise<S3Request> {
  const [path = "", query = ""] = (message.url ?? "").split(/\?(.*)/s);
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: message.method ?? "",
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: Object.fromEntries(headers),
    body: await buffer(message),
  };
}

/** The signature covers a hash of the body; it is the hash that has to fit. */
function hasItsBody({ headers, body }: S3Request): boolean {
  const hash = headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD";
  return !/^[0-9a-f]{64}$/.test(hash) || hash === createHash("sha256").update(body).digest("hex");
}

/** The body without the chunk lengths and trailers of `aws-chunked`, in which the SDK sends streams. */
function contentOf({ headers, body }: S3Request): Buffer {
  if (!headers["x-amz-content-sha256"]?.startsWith("STREAMING-")) return body;
  const chunks: Buffer[] = [];
  for (let position = 0; ; ) {
    const lineEnd = body.indexOf("\r\n", position);
    const length = Number.parseInt(body.toString("latin1", position, lineEnd), 16);
    if (!(length > 0)) return Buffer.concat(chunks);
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    position = lineEnd + 2 + length + 2;
  }
}
