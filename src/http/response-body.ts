import type { IncomingMessage } from "node:http";
import { RequestFailure } from "../errors/request-failure.js";

/**
 * Reads a whole body, up to its limit. By events: what Node loads to iterate over a stream takes a starting process
 * longer than a request does.
 */
export function readBody(message: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isWhole = false;
    const onClose = () => {
      if (!isWhole) reject(new RequestFailure("truncated", "the response broke off", { statusCode: 200 }));
    };
    if (message.destroyed) return onClose();
    message.on("data", (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= maxBytes) return;
      reject(
        new RequestFailure("oversized", `the response body is over ${maxBytes} bytes`, { statusCode: 200 }),
      );
      message.destroy();
    });
    message.once("end", () => {
      isWhole = message.complete;
      if (isWhole) resolve(Buffer.concat(chunks));
    });
    message.once("error", onClose).once("close", onClose);
  });
}
