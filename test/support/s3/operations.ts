import { S3Error } from "./s3-error.js";
import type { S3Request, S3Response } from "./s3-request.js";
import type { Store, StoredObject } from "./store.js";
import { elementTexts, xmlDocument } from "./xml.js";

export type S3Operation =
  | "PutObject"
  | "GetObject"
  | "HeadObject"
  | "DeleteObject"
  | "ListObjectsV2"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload";

type Operation = (request: S3Request, store: Store) => S3Response;

const xml = (name: string, content: Parameters<typeof xmlDocument>[1]): S3Response => ({
  status: 200,
  headers: { "content-type": "application/xml" },
  body: xmlDocument(name, content),
});

const contentType = ({ headers }: S3Request): string => headers["content-type"] ?? "binary/octet-stream";

const objectHeaders = ({ etag, body, lastModified, contentType }: StoredObject) => ({
  etag,
  "content-length": body.length,
  "content-type": contentType,
  "last-modified": lastModified.toUTCString(),
});

function listObjects({ bucket, query }: S3Request, store: Store): S3Response {
  const { prefix = "", "max-keys": maxKeys = "1000", "continuation-token": after = "" } = query;
  const left = store.list(bucket).filter(([key]) => key.startsWith(prefix) && key > after);
  const page = left.slice(0, Number(maxKeys));
  const truncated = page.length < left.length;
  return xml("ListBucketResult", {
    Name: bucket,
    Prefix: prefix,
    KeyCount: page.length,
    MaxKeys: maxKeys,
    IsTruncated: truncated,
    ...(truncated && { NextContinuationToken: page.at(-1)?.[0] ?? "" }),
    Contents: page.map(([Key, { etag, body, lastModified }]) => ({
      Key,
      LastModified: lastModified.toISOString(),
      ETag: etag,
      Size: body.length,
      StorageClass: "STANDARD",
    })),
  });
}

function completeUpload({ bucket, key, query, body }: S3Request, store: Store): S3Response {
  const parts = elementTexts(body.toString(), "Part").map((part) => ({
    number: Number(elementTexts(part, "PartNumber")[0]),
    etag: elementTexts(part, "ETag")[0] ?? "",
  }));
  if (parts.length === 0) throw new S3Error("MalformedXML");
  const { etag } = store.completeUpload(bucket, key, query.uploadId ?? "", parts);
  return xml("CompleteMultipartUploadResult", { Bucket: bucket, Key: key, ETag: etag });
}

const OPERATIONS: Readonly<Record<S3Operation, Operation>> = {
  PutObject: (request, store) => {
    const object = store.put(request.bucket, request.key, request.body, contentType(request));
    return { status: 200, headers: { etag: object.etag } };
  },
  GetObject: ({ bucket, key }, store) => {
    const object = store.get(bucket, key);
    return { status: 200, headers: objectHeaders(object), body: object.body };
  },
  HeadObject: ({ bucket, key }, store) => ({ status: 200, headers: objectHeaders(store.get(bucket, key)) }),
  DeleteObject: ({ bucket, key }, store) => {
    store.delete(bucket, key);
    return { status: 204 };
  },
  ListObjectsV2: listObjects,
  CreateMultipartUpload: (request, store) => {
    const { bucket, key } = request;
    const UploadId = store.createUpload(bucket, key, contentType(request));
    return xml("InitiateMultipartUploadResult", { Bucket: bucket, Key: key, UploadId });
  },
  UploadPart: ({ bucket, key, query, body }, store) => {
    const etag = store.putPart(bucket, key, query.uploadId ?? "", Number(query.partNumber), body);
    return { status: 200, headers: { etag } };
  },
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: ({ bucket, key, query }, store) => {
    store.abortUpload(bucket, key, query.uploadId ?? "");
    return { status: 204 };
  },
};

/** Which operation a request asks for; undefined if it is none of those that the endpoint knows. */
export function operationOf({ method, key, query }: S3Request): S3Operation | undefined {
  if (key === "") return method === "GET" && query["list-type"] === "2" ? "ListObjectsV2" : undefined;
  const ofUpload = query.uploadId !== undefined;
  if (method === "PUT") return ofUpload ? "UploadPart" : "PutObject";
  if (method === "DELETE") return ofUpload ? "AbortMultipartUpload" : "DeleteObject";
  if (method === "HEAD") return "HeadObject";
  if (method === "GET") return ofUpload ? undefined : "GetObject";
  if (method !== "POST") return undefined;
  if (ofUpload) return "CompleteMultipartUpload";
  return query.uploads === undefined ? undefined : "CreateMultipartUpload";
}

export function perform(operation: S3Operation, request: S3Request, store: Store): S3Response {
  return OPERATIONS[operation](request, store);
}
