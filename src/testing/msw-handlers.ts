import { STATUS_CODES } from "node:http";
import type { HttpHandler } from "msw";
import { type Answer, isBodiless } from "./answer.js";
import { drip, truncated } from "./delivery.js";
import { loadMsw } from "./load-msw.js";
import type { MockMetadata } from "./mock-metadata.js";

/** Where EC2 serves metadata; the second on instances with IPv6 metadata alone. */
const EC2_ENDPOINTS = ["http://169.254.169.254", "http://[fd00:ec2::254]"];

/** The msw handlers for the mock. A predicate rather than a path: msw's path lookup breaks on IPv6 hosts. */
export function mswHandlers(metadata: MockMetadata, endpoint: string | undefined): HttpHandler[] {
  const pathOf = (request: Request) => pathBelow(endpoints(endpoint), request.url);
  const handler = loadMsw().http.all(
    ({ request }) => pathOf(request) !== undefined,
    async ({ request }) => {
      const answer = metadata.answer({
        method: request.method,
        path: pathOf(request) ?? "/",
        headers: Object.fromEntries(request.headers),
      });
      if (answer.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, answer.delayMs));
      return answer.delivery === "hang" ? new Promise<never>(() => {}) : responseOf(answer);
    },
  );
  return [handler];
}

/** Read at each request: a test sets the variable after it has made the handlers. */
function endpoints(given: string | undefined): string[] {
  const named = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
  return [...EC2_ENDPOINTS, given, named].filter((url) => url !== undefined && URL.canParse(url)) as string[];
}

/** The path and query below the first of the endpoints that the URL belongs to. */
function pathBelow(bases: readonly string[], url: string): string | undefined {
  const { origin, pathname, search } = new URL(url);
  for (const base of bases.map((text) => new URL(text))) {
    const folder = base.pathname.replace(/\/+$/, "");
    if (origin === base.origin && `${pathname}/`.startsWith(`${folder}/`)) {
      return `${pathname.slice(folder.length) || "/"}${search}`;
    }
  }
  return undefined;
}

function responseOf(answer: Answer): Response {
  const { status } = answer;
  const init = { status, statusText: STATUS_CODES[status] ?? "", headers: { ...answer.headers } };
  switch (answer.delivery) {
    case "reset":
    case "hang":
      return new Response(failingBody([]), init);
    case "truncate": {
      const { sent, declared } = truncated(answer.body);
      return new Response(failingBody(sent), {
        ...init,
        headers: { ...init.headers, "Content-Length": declared },
      });
    }
    case "drip":
      Reflect.deleteProperty(init.headers, "Content-Length");
      return new Response(drippingBody(answer.body), init);
    case "whole":
      return new Response(isBodiless(status) ? null : answer.body, init);
  }
}

/**
 * A body that ends in a connection reset. When nothing of it was sent, a client of `node:http` sees just what
 * a reset socket gives it (ECONNRESET, no response); `fetch` gets the headers first, then its body fails.
 */
function failingBody(bytes: Uint8Array | readonly never[]): ReadableStream<Uint8Array> {
  let sent = bytes.length === 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (sent)
          return controller.error(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
        sent = true;
        controller.enqueue(Uint8Array.from(bytes));
      },
    },
    { highWaterMark: 0 },
  );
}

function drippingBody(body: string): ReadableStream<Uint8Array> {
  let stop = () => {};
  return new ReadableStream({
    start(controller) {
      stop = drip(body, (byte) => controller.enqueue(byte));
    },
    cancel: () => stop(),
  });
}
