import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { S3Error } from "./s3-error.js";
import type { S3Request } from "./s3-request.js";

const OTHER_CHECKSUM = /^x-amz-checksum-(crc32c|crc64nvme|sha1|sha256)$/;

/** What a request's body holds, once every checksum that came with it has been found to be right. */
export function verifiedPayload(request: S3Request): Buffer {
  const { headers, body } = request;
  const declared = headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD";
  if (declared === "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    const { content, trailers } = decodeChunks(body);
    if (content.length !== Number(headers["x-amz-decoded-content-length"]))
      throw new S3Error("IncompleteBody");
    return verifyChecksums(content, { ...headers, ...trailers });
  }
  if (declared.startsWith("STREAMING-")) throw new S3Error("NotImplemented");
  if (declared !== "UNSIGNED-PAYLOAD" && declared !== createHash("sha256").update(body).digest("hex")) {
    throw new S3Error("XAmzContentSHA256Mismatch");
  }
  return verifyChecksums(body, headers);
}

function verifyChecksums(content: Buffer, headers: Readonly<Record<string, string>>): Buffer {
  if (Object.keys(headers).some((name) => OTHER_CHECKSUM.test(name))) throw new S3Error("NotImplemented");
  const expected = headers["x-amz-checksum-crc32"];
  if (expected === undefined) return content;
  const actual = Buffer.alloc(4);
  actual.writeUInt32BE(crc32(content));
  if (expected !== actual.toString("base64")) throw new S3Error("BadDigest");
  return content;
}

/**
 * The `aws-chunked` encoding: chunks with their length in hexadecimal before them, the last one empty, then
 * trailing headers.
 */
function decodeChunks(body: Buffer): { content: Buffer; trailers: Record<string, string> } {
  let position = 0;
  const line = (): string => {
    const end = body.indexOf("\r\n", position);
    if (end < 0) throw new S3Error("IncompleteBody");
    const text = body.toString("latin1", position, end);
    position = end + 2;
    return text;
  };
  const chunk = (): Buffer => {
    const size = /^[0-9a-f]+$/i.exec(line());
    if (!size) throw new S3Error("IncompleteBody");
    const content = body.subarray(position, position + Number.parseInt(size[0], 16));
    position += content.length;
    if (content.length > 0 && line() !== "") throw new S3Error("IncompleteBody");
    return content;
  };
  const chunks: Buffer[] = [];
  for (let content = chunk(); content.length > 0; content = chunk()) chunks.push(content);
  const trailers: Record<string, string> = {};
  for (let text = line(); text !== ""; text = line()) {
    const [name = "", value = ""] = text.split(/: *(.*)/s);
    trailers[name.toLowerCase()] = value.trim();
  }
  return { content: Buffer.concat(chunks), trailers };
}
