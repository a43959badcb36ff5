import { createHash, randomUUID } from "node:crypto";
import type { S3Request } from "./s3-signature.js";

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const etagOf = (body: Buffer): string => `"${createHash("md5").update(body).digest("hex")}"`;

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** The operation that a request asks for, as far as the tests use S3. */
export function operationOf({ method, path, query }: S3Request): string {
  const isOfUpload = query.uploadId !== undefined;
  if (!/^\/[^/]+\/./.test(path)) return ofBucket(method, path, query);
  if (method === "PUT") return isOfUpload ? "UploadPart" : "PutObject";
  if (method === "POST") return isOfUpload ? "CompleteMultipartUpload" : "CreateMultipartUpload";
  return { GET: "GetObject", HEAD: "HeadObject", DELETE: "DeleteObject" }[method] ?? "Unknown";
}

function ofBucket(method: string, path: string, query: S3Request["query"]): string {
  if (path === "/") return method === "GET" ? "ListBuckets" : "Unknown";
  if (method === "HEAD") return "HeadBucket";
  if (method === "PUT") return "CreateBucket";
  if (method !== "GET") return "Unknown";
  if (query.uploads !== undefined) return "ListMultipartUploads";
  return query.location === undefined ? "ListObjectsV2" : "GetBucketLocation";
}

/** Objects by path, in memory. Every bucket is there. */
export class S3Objects {
  readonly #objects = new Map<string, Buffer>();
  /** Parts by number, by upload. */
  readonly #uploads = new Map<string, Buffer[]>();

  perform(operation: string, { path, query, body }: S3Request): S3Response {
    const upload = this.#uploads.get(query.uploadId ?? "");
    switch (operation) {
      case "PutObject":
        this.#objects.set(path, body);
        return { status: 200, headers: { etag: etagOf(body) } };
      case "DeleteObject":
        this.#objects.delete(path);
        return { status: 204 };
      case "GetObject":
      case "HeadObject":
        return this.#get(path);
      case "HeadBucket":
      case "CreateBucket":
        return { status: 200 };
      case "GetBucketLocation":
        return { status: 200, body: "<LocationConstraint/>" };
      case "ListBuckets":
        return { status: 200, body: this.#listBuckets() };
      case "ListObjectsV2":
        return { status: 200, body: this.#list(path, query.prefix ?? "") };
      case "ListMultipartUploads":
        return {
          status: 200,
          body: "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>",
        };
      case "CreateMultipartUpload": {
        const id = randomUUID();
        this.#uploads.set(id, []);
        return {
          status: 200,
          body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        };
      }
      case "UploadPart":
        if (!upload) return { status: 404 };
        upload[Number(query.partNumber)] = body;
        return { status: 200, headers: { etag: etagOf(body) } };
      case "CompleteMultipartUpload":
        if (!upload) return { status: 404 };
        // Numbers begin anywhere and may be left out.
        this.#objects.set(path, Buffer.concat(upload.filter((part) => part !== undefined)));
        return {
          status: 200,
          body: "<CompleteMultipartUploadResult><Location>x</Location><Bucket>x</Bucket><Key>x</Key><ETag>x</ETag></CompleteMultipartUploadResult>",
        };
      default:
        return { status: 405 };
    }
  }

  #get(path: string): S3Response {
    const object = this.#objects.get(path);
    if (!object) return { status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" };
    const headers = { "content-length": String(object.length), etag: etagOf(object) };
    return { status: 200, body: object, headers: { ...headers, "last-modified": new Date(0).toUTCString() } };
  }

  /** Those that have objects. */
  #listBuckets(): string {
    const names = new Set([...this.#objects.keys()].map((path) => path.split("/")[1] ?? ""));
    const buckets = [...names].map((name) => `<Bucket><Name>${escaped(name)}</Name></Bucket>`);
    return `<ListAllMyBucketsResult><Buckets>${buckets.join("")}</Buckets></ListAllMyBucketsResult>`;
  }

  #list(bucket: string, prefix: string): string {
    const contents = [...this.#objects]
      .filter(([path]) => path.startsWith(`${bucket.replace(/\/$/, "")}/`))
      .map(([path, body]) => ({ key: decodeURIComponent(path.split("/").slice(2).join("/")), body }))
      .filter(({ key }) => key.startsWith(prefix))
      .map(({ key, body }) => {
        const date = new Date(0).toISOString();
        return `<Contents><Key>${escaped(key)}</Key><LastModified>${date}</LastModified><ETag>${escaped(etagOf(body))}</ETag><Size>${body.length}</Size></Contents>`;
      });
    return `<ListBucketResult><KeyCount>${contents.length}</KeyCount><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`;
  }
}
