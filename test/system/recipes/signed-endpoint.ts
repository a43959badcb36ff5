import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity } from "@smithy/types";

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, *SignedHeaders=([^,]+), *Signature=(\w+)$/;
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** A request, and whether its signature is right. */
export interface SignedCall {
  readonly service: string;
  readonly path: string;
  readonly isSigned: boolean;
}

/** Any AWS service but S3, on loopback: answers from a table, and only what is signed with the given credentials. */
export class SignedEndpoint {
  readonly #credentials: AwsCredentialIdentity;
  readonly #answer: (path: string, body: string) => string;
  readonly #calls: SignedCall[] = [];
  readonly #server = createServer(async (message, response) => {
    const body = await buffer(message);
    const call = await this.#check(message, body);
    this.#calls.push(call);
    const text = this.#answer(message.url ?? "", String(body));
    const type = text.startsWith("<") ? "text/xml" : "application/json";
    response.writeHead(call.isSigned ? 200 : 403, { "content-type": type }).end(text);
  });

  constructor(credentials: AwsCredentialIdentity, answer: (path: string, body: string) => string) {
    this.#credentials = credentials;
    this.#answer = answer;
  }

  get calls(): readonly SignedCall[] {
    return this.#calls;
  }

  /** @returns its URL */
  async listen(): Promise<string> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #check({ method = "", url = "", headers }: IncomingMessage, body: Buffer): Promise<SignedCall> {
    const [, accessKeyId, region = "", service = "", names = "", signature] =
      AUTHORIZATION.exec(headers.authorization ?? "") ?? [];
    const { pathname: path, searchParams } = new URL(url, "http://localhost");
    const isMine =
      accessKeyId === this.#credentials.accessKeyId &&
      headers["x-amz-security-token"] === this.#credentials.sessionToken;
    if (!isMine) return { service, path, isSigned: false };
    const signed = names.split(";");
    const signer = new SignatureV4({
      service,
      region,
      credentials: this.#credentials,
      sha256: Sha256,
      applyChecksum: false,
    });
    const again = await signer.sign(
      {
        method,
        protocol: "http:",
        hostname: "",
        path,
        query: Object.fromEntries(searchParams),
        headers: Object.fromEntries(signed.map((name) => [name, String(headers[name])])),
        body,
      },
      {
        signingDate: new Date(String(headers["x-amz-date"]).replace(DATE, "$1-$2-$3T$4:$5:$6Z")),
        signableHeaders: new Set(signed),
      },
    );
    const isSigned = String(again.headers.authorization).endsWith(`Signature=${signature}`);
    return { service, path, isSigned };
  }
}
