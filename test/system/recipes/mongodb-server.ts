import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { AwsCredentialIdentity } from "@aws-sdk/types";

type Document = Record<string, unknown>;

interface Bson {
  readonly BSON: { serialize(document: Document): Uint8Array; deserialize(bytes: Uint8Array): Document };
  readonly Binary: new (bytes: Uint8Array) => unknown;
}

/** The first command comes as `OP_QUERY`, all others as `OP_MSG`. */
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const HELLO = {
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  minWireVersion: 0,
  maxWireVersion: 21,
};

/**
 * A MongoDB server as far as logging in with `MONGODB-AWS` goes. It lets in who sends a signed request with the given
 * credentials' key id and session token; the signature is for STS to check.
 */
export class MongodbServer {
  readonly #bson: Bson;
  readonly #credentials: AwsCredentialIdentity;
  readonly #server = createServer((socket) => void this.#converse(socket).catch(() => socket.destroy()));
  /** How many connections have logged in. */
  logins = 0;

  /** @param packages the `node_modules` with the driver */
  constructor(packages: string, credentials: AwsCredentialIdentity) {
    this.#bson = createRequire(`${packages}/`)("mongodb");
    this.#credentials = credentials;
  }

  async listen(): Promise<string> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return `mongodb://127.0.0.1:${(this.#server.address() as AddressInfo).port}/?directConnection=true`;
  }

  close(): void {
    this.#server.close();
  }

  async #converse(socket: Socket): Promise<void> {
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const message = received.subarray(0, received.readInt32LE(0));
        received = received.subarray(message.length);
        socket.write(this.#reply(message));
      }
    }
  }

  #reply(message: Buffer): Buffer {
    const isQuery = message.readInt32LE(12) === OP_QUERY;
    const start = isQuery ? message.indexOf(0, 20) + 9 : 21;
    const length = message.readInt32LE(start);
    const command = this.#bson.BSON.deserialize(message.subarray(start, start + length));
    const document = this.#bson.BSON.serialize({ ...this.#answer(command), ok: 1 });
    const head = Buffer.alloc(isQuery ? 36 : 21);
    head.writeInt32LE(head.length + document.length, 0);
    head.writeInt32LE(message.readInt32LE(4), 8);
    head.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
    // In OP_MSG these bytes are no flags, and a section of kind 0.
    if (isQuery) head.writeInt32LE(1, 32);
    return Buffer.concat([head, document]);
  }

  #answer(command: Document): Document {
    const { BSON, Binary } = this.#bson;
    if ("hello" in command || "ismaster" in command) return HELLO;
    const payload = () => BSON.deserialize((command.payload as { buffer: Uint8Array }).buffer);
    if ("saslStart" in command) {
      const { r } = payload() as { r: { buffer: Uint8Array } };
      const nonce = Buffer.concat([r.buffer, randomBytes(32)]);
      const answer = BSON.serialize({ s: new Binary(nonce), h: "sts.eu-central-1.amazonaws.com" });
      return { conversationId: 1, done: false, payload: new Binary(answer) };
    }
    if ("saslContinue" in command) {
      const { a, t } = payload();
      const { accessKeyId, sessionToken } = this.#credentials;
      if (!String(a).includes(`Credential=${accessKeyId}/`) || t !== sessionToken) throw new Error("refused");
      this.logins += 1;
      return { conversationId: 1, done: true, payload: new Binary(new Uint8Array()) };
    }
    return {};
  }
}
