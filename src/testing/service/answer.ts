import { STATUS_CODES } from "node:http";
import type { MockFaultMode } from "../types.js";
import type { MetadataContent } from "./metadata-node.js";

/** A request as both adapters pass it in. */
export interface MetadataRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What is sent, and how. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly delivery: "whole" | MockFaultMode;
  readonly delayMs: number;
}

/** An answer before it is decided how it is delivered. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: MetadataContent;
}

/** A refusal, with EC2's page for it. */
export const refusal = (status: number, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers,
  body: errorPage(status),
});

function errorPage(status: number): string {
  const title = `${status} - ${STATUS_CODES[status] ?? "Error"}`;
  return `<?xml version="1.0" encoding="iso-8859-1"?>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
 <head><title>${title}</title></head>
 <body><h1>${title}</h1></body>
</html>
`;
}

/** Statuses that never have a body. */
export const isBodiless = (status: number): boolean => status === 204 || status === 205 || status === 304;

/** The headers of an answer, EC2's own among them. A bodiless answer to a HEAD keeps its Content-Length. */
export function headersOf(reply: Reply, lastModified: number): Record<string, string> {
  const isSuccess = reply.status < 300;
  return {
    "Content-Type": isSuccess ? "text/plain" : "text/html",
    ...reply.headers,
    ...(isSuccess ? { "Accept-Ranges": "none", "Last-Modified": new Date(lastModified).toUTCString() } : {}),
    ...(isBodiless(reply.status) ? {} : { "Content-Length": String(Buffer.byteLength(reply.body)) }),
    Date: new Date(Date.now()).toUTCString(),
    Server: "EC2ws",
  };
}
