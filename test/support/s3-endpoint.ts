import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { Keyring } from "./s3/keyring.js";
import type { S3Operation } from "./s3/operations.js";
import { operationOf, perform } from "./s3/operations.js";
import { verifiedPayload } from "./s3/payload.js";
import type { S3ErrorCode } from "./s3/s3-error.js";
import { S3Error } from "./s3/s3-error.js";
import type { S3Request, S3Response } from "./s3/s3-request.js";
import { readRequest } from "./s3/s3-request.js";
import { signatureClaim, verifySignature } from "./s3/signature.js";
import { Store } from "./s3/store.js";
import { xmlDocument } from "./s3/xml.js";

/** A request that the endpoint has answered. */
export interface S3Call {
  readonly operation: S3Operation | "Unknown";
  /** Undefined if the request was anonymous. */
  readonly accessKeyId: string | undefined;
  readonly status: number;
  readonly errorCode?: S3ErrorCode;
}

/**
 * A small S3 endpoint on loopback that verifies each request as S3 does: key id, session token, expiration and
 * signature (Signature Version 4, in the header or presigned), payload hash and checksum. It speaks path style
 * (`forcePathStyle: true`), takes any region, has every bucket, and keeps objects in memory.
 */
export class S3Endpoint {
  readonly #keyring = new Keyring();
  readonly #store = new Store();
  readonly #calls: S3Call[] = [];
  readonly #server = createServer((message, answer) => void this.#serve(message, answer));

  /** Every call so far, in the order of the answers. */
  get calls(): readonly S3Call[] {
    return this.#calls;
  }

  /** From now on requests may be signed with this set, until its expiration if it has one. */
  accept(set: AwsCredentialIdentity): void {
    this.#keyring.accept(set);
  }

  /** From now on the set with this id is answered `ExpiredToken`, whatever its expiration. */
  revoke(accessKeyId: string): void {
    this.#keyring.revoke(accessKeyId);
  }

  /** @returns the URL for the client's `endpoint` */
  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("listens on no port");
    return `http://127.0.0.1:${address.port}`;
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

  async #serve(message: IncomingMessage, answer: ServerResponse): Promise<void> {
    const request = await readRequest(message).catch(() => undefined);
    // The client went away before its request was complete.
    if (!request) return void message.destroy();
    const { call, response } = await this.#answer(request);
    this.#calls.push(call);
    answer.writeHead(response.status, { "x-amz-request-id": randomUUID(), ...response.headers });
    answer.end(request.method === "HEAD" ? undefined : response.body);
  }

  async #answer(request: S3Request): Promise<{ call: S3Call; response: S3Response }> {
    const operation = operationOf(request);
    let accessKeyId: string | undefined;
    try {
      const claim = signatureClaim(request);
      if (!claim) throw new S3Error("AccessDenied");
      accessKeyId = claim.accessKeyId;
      await verifySignature(request, claim, this.#keyring.valid(accessKeyId, claim.sessionToken));
      if (!operation) throw new S3Error("MethodNotAllowed");
      const response = perform(operation, { ...request, body: verifiedPayload(request) }, this.#store);
      return { call: { operation, accessKeyId, status: response.status }, response };
    } catch (cause) {
      const error = cause instanceof S3Error ? cause : new S3Error("InternalError", String(cause));
      const { status, code: errorCode } = error;
      const call = { operation: operation ?? "Unknown", accessKeyId, status, errorCode } as const;
      return { call, response: refusal(error, request) };
    }
  }
}

function refusal({ code, status, message }: S3Error, { path }: S3Request): S3Response {
  const body = xmlDocument("Error", { Code: code, Message: message, Resource: path });
  return { status, headers: { "content-type": "application/xml" }, body };
}
