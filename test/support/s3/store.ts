import { createHash, randomUUID } from "node:crypto";
import { S3Error } from "./s3-error.js";

export interface StoredObject {
  readonly body: Buffer;
  /** With its quotes. */
  readonly etag: string;
  readonly contentType: string;
  readonly lastModified: Date;
}

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string }>;
}

const SMALLEST_PART = 5 * 1024 * 1024;

const md5 = (data: Buffer): Buffer => createHash("md5").update(data).digest();

/** Objects and unfinished uploads. A bucket needs no making: every one is there. */
export class Store {
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  readonly #uploads = new Map<string, Upload>();

  put(bucket: string, key: string, body: Buffer, contentType: string): StoredObject {
    return this.#keep(bucket, key, { body, contentType, etag: `"${md5(body).toString("hex")}"` });
  }

  get(bucket: string, key: string): StoredObject {
    const object = this.#objects(bucket).get(key);
    if (!object) throw new S3Error("NoSuchKey");
    return object;
  }

  delete(bucket: string, key: string): void {
    this.#objects(bucket).delete(key);
  }

  /** All objects of a bucket, by key. */
  list(bucket: string): [key: string, object: StoredObject][] {
    return [...this.#objects(bucket)].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  createUpload(bucket: string, key: string, contentType: string): string {
    const id = randomUUID();
    this.#uploads.set(id, { bucket, key, contentType, parts: new Map() });
    return id;
  }

  /** @returns the part's etag */
  putPart(bucket: string, key: string, uploadId: string, number: number, body: Buffer): string {
    const etag = `"${md5(body).toString("hex")}"`;
    this.#upload(bucket, key, uploadId).parts.set(number, { body, etag });
    return etag;
  }

  completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    listed: readonly { readonly number: number; readonly etag: string }[],
  ): StoredObject {
    const upload = this.#upload(bucket, key, uploadId);
    const parts = listed.map(({ number, etag }) => {
      const part = upload.parts.get(number);
      if (part?.etag !== etag) throw new S3Error("InvalidPart");
      return part.body;
    });
    if (parts.slice(0, -1).some((part) => part.length < SMALLEST_PART)) throw new S3Error("EntityTooSmall");
    this.#uploads.delete(uploadId);
    const etag = `"${md5(Buffer.concat(parts.map(md5))).toString("hex")}-${parts.length}"`;
    return this.#keep(bucket, key, { body: Buffer.concat(parts), contentType: upload.contentType, etag });
  }

  abortUpload(bucket: string, key: string, uploadId: string): void {
    this.#upload(bucket, key, uploadId);
    this.#uploads.delete(uploadId);
  }

  #upload(bucket: string, key: string, uploadId: string): Upload {
    const upload = this.#uploads.get(uploadId);
    if (upload?.bucket !== bucket || upload.key !== key) throw new S3Error("NoSuchUpload");
    return upload;
  }

  #keep(bucket: string, key: string, object: Omit<StoredObject, "lastModified">): StoredObject {
    const kept = { ...object, lastModified: new Date() };
    this.#objects(bucket).set(key, kept);
    return kept;
  }

  #objects(bucket: string): Map<string, StoredObject> {
    const known = this.#buckets.get(bucket);
    if (known) return known;
    const objects = new Map<string, StoredObject>();
    this.#buckets.set(bucket, objects);
    return objects;
  }
}
