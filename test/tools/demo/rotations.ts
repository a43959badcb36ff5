import type { AwsCredentialIdentity } from "@aws-sdk/types";
import type { MockImds } from "ec2-role-credentials/testing";
import type { S3Endpoint } from "../../support/s3-endpoint.js";

/** A set that the metadata service has served, and what became of it. */
export interface ServedSet {
  /** 0 for the first set; the first rotation brings number 1. */
  readonly number: number;
  readonly accessKeyId: string;
  readonly expiration: Date;
  /** Whether S3 has accepted a call that was signed with it. */
  use: "not yet" | "in use";
}

/** Tells S3 of each set as it appears in the metadata, and sees which of them the client takes up. */
export class Rotations {
  readonly sets: ServedSet[] = [];
  readonly #imds: MockImds;
  readonly #s3: S3Endpoint;
  #callsSeen = 0;

  constructor(imds: MockImds, s3: S3Endpoint) {
    this.#imds = imds;
    this.#s3 = s3;
  }

  /** @returns what has happened since the last time, in words */
  observe(): string[] {
    return [...this.#appeared(this.#imds.credentials), ...this.#takenUp()];
  }

  get count(): number {
    return this.sets.filter(({ number }) => number > 0).length;
  }

  get pickedUp(): number {
    return this.sets.filter(({ number, use }) => number > 0 && use === "in use").length;
  }

  get newest(): ServedSet | undefined {
    return this.sets.at(-1);
  }

  /** The set that signed the last call. */
  get current(): ServedSet | undefined {
    const accessKeyId = this.#s3.calls.at(-1)?.accessKeyId;
    return this.sets.find((set) => set.accessKeyId === accessKeyId);
  }

  #appeared(set: AwsCredentialIdentity | undefined): string[] {
    if (!set?.expiration || set.accessKeyId === this.newest?.accessKeyId) return [];
    this.#s3.accept(set);
    const { accessKeyId, expiration } = set;
    const number = this.sets.length;
    this.sets.push({ number, accessKeyId, expiration, use: "not yet" });
    return number === 0 ? [] : [`rotation ${number}: ${accessKeyId} appears in the metadata`];
  }

  #takenUp(): string[] {
    const accepted = this.#s3.calls.slice(this.#callsSeen).filter(({ status }) => status < 400);
    this.#callsSeen = this.#s3.calls.length;
    const ids = new Set(accepted.map(({ accessKeyId }) => accessKeyId));
    const news = this.sets.filter(({ accessKeyId, use }) => use === "not yet" && ids.has(accessKeyId));
    for (const set of news) set.use = "in use";
    return news.map(({ number, accessKeyId }) =>
      number === 0
        ? `first set in use: ${accessKeyId}`
        : `rotation ${number} picked up: ${accessKeyId} in use`,
    );
  }
}
