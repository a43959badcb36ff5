import type { MockImds } from "ec2-role-credentials/testing";
import type { S3Endpoint } from "../../support/s3-endpoint.js";

/** Credentials that the metadata service has served. */
interface ServedCredentials {
  readonly accessKeyId: string;
  readonly expiration: Date;
}

/**
 * Makes the rotations and tells S3 of each. A rotation is picked up when S3 has accepted a call that was signed with
 * its key: S3's record decides, not the moment at which it is read.
 */
export class Rotations {
  readonly #imds: MockImds;
  readonly #s3: S3Endpoint;
  /** The first credentials, then those of each rotation. */
  readonly #served: ServedCredentials[] = [];
  #shownInUse = 0;

  constructor(imds: MockImds, s3: S3Endpoint) {
    this.#imds = imds;
    this.#s3 = s3;
    this.rotate();
  }

  /** @returns the new key */
  rotate(): string {
    const credentials = this.#imds.rotate();
    this.#s3.accept(credentials);
    const { accessKeyId, expiration = new Date(0) } = credentials;
    this.#served.push({ accessKeyId, expiration });
    return accessKeyId;
  }

  get count(): number {
    return this.#served.length - 1;
  }

  get pickedUp(): number {
    return this.#served.slice(1).filter(({ accessKeyId }) => this.#isInUse(accessKeyId)).length;
  }

  get isNewestInUse(): boolean {
    return this.#isInUse(this.#served.at(-1)?.accessKeyId);
  }

  /** Those that signed the last call. */
  get current(): ServedCredentials | undefined {
    const last = this.#s3.calls.at(-1)?.accessKeyId;
    return this.#served.find(({ accessKeyId }) => accessKeyId === last);
  }

  /** @returns what came into use since the last time, as lines for the terminal */
  newlyInUse(): string[] {
    const lines: string[] = [];
    for (; this.#shownInUse < this.#served.length; this.#shownInUse++) {
      const key = this.#served[this.#shownInUse]?.accessKeyId;
      if (!this.#isInUse(key)) break;
      const what = this.#shownInUse === 0 ? "first credentials" : `rotation ${this.#shownInUse}`;
      lines.push(`${what} in use: S3 accepted ${key}`);
    }
    return lines;
  }

  #isInUse(key: string | undefined): boolean {
    return this.#s3.calls.some(({ accessKeyId, status }) => accessKeyId === key && status < 400);
  }
}
