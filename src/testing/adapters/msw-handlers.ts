import { STATUS_CODES } from "node:http";
import type { HttpHandler } from "msw";
import { type Answer, isBodiless } from "../service/answer.js";
import type { MockMetadata } from "../service/mock-metadata.js";
import { DRIP_MS, dripped, truncated } from "./delivery.js";
import { isOthers } from "./live-listeners.js";

/** Where EC2 serves metadata; the second on instances with IPv6 metadata alone. */
const EC2_ENDPOINTS = ["http://169.254.169.254", "http://[fd00:ec2::254]"];

interface RunArguments {
  readonly request: Request;
  readonly requestId?: string;
}

/**
 * The msw handlers for the mock: one object that `setupServer` treats as a handler of msw's own `http.all` with a
 * predicate. It is written here because `handlers` is not a promise, and msw cannot be loaded synchronously
 * everywhere: its CommonJS build needs `require` of ES modules, which Node before 20.19 and Jest do not have. So
 * msw is never loaded here, and it does not matter which build or copy of it the test uses.
 */
export function mswHandlers(metadata: MockMetadata, endpoint: string | undefined): HttpHandler[] {
  const pathOf = (request: Request) => {
    const bases = endpoints(metadata, endpoint);
    return pathBelow(bases, new URL(request.url)) ?? pathBelow(bases, withHost(request));
  };
  const parsedResult = { match: { matches: true, params: {} }, cookies: {} };
  const handler = {
    kind: "request",
    // The same for msw 2.12.
    __kind: "RequestHandler",
    info: { header: "ALL [mocked IMDS]", path: "[mocked IMDS]", method: /.+/ },
    options: {},
    isUsed: false,
    /** The answer to a request that is meant for the mock, null for any other. */
    async run({ request, requestId }: RunArguments) {
      const path = pathOf(request);
      if (path === undefined) return null;
      handler.isUsed = true;
      const response = await respond(metadata, request, path);
      return { handler, request, requestId, response, parsedResult };
    },
    parse: async ({ request }: RunArguments) => ({
      ...parsedResult,
      match: { matches: pathOf(request) !== undefined, params: {} },
    }),
    predicate: async ({ request }: RunArguments) => pathOf(request) !== undefined,
    test: async ({ request }: RunArguments) => pathOf(request) !== undefined,
    log() {},
    reset() {},
    restore() {},
  };
  // The class has private members, so that nothing but its own instances is assignable.
  return [handler as unknown as HttpHandler];
}

/**
 * Where the handlers answer. The variable is read at each request: a test sets it after it has made the handlers.
 * Requests to an address where another mock listens are left to that one.
 */
function endpoints(metadata: MockMetadata, given: string | undefined): URL[] {
  const named = urls(process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT);
  return [...urls(...EC2_ENDPOINTS, given), ...named.filter((url) => !isOthers(url, metadata))];
}

const urls = (...texts: readonly (string | undefined)[]): URL[] =>
  texts.flatMap((text) => (text !== undefined && URL.canParse(text) ? [new URL(text)] : []));

/**
 * Of a client of `node:http` whose path begins with two slashes, msw takes the first segment for the host: it is
 * put back, below the host that the request names.
 */
function withHost({ url, headers }: Request): URL | undefined {
  const { protocol, host, pathname, search } = new URL(url);
  return urls(`${protocol}//${headers.get("host")}//${host}${pathname}${search}`)[0];
}

/** The path and query below the first of the endpoints that the URL belongs to. */
function pathBelow(bases: readonly URL[], url: URL | undefined): string | undefined {
  if (!url) return undefined;
  const { origin, pathname, search } = url;
  for (const base of bases) {
    const folder = base.pathname.replace(/\/+$/, "");
    if (origin === base.origin && `${pathname}/`.startsWith(`${folder}/`)) {
      return `${pathname.slice(folder.length) || "/"}${search}`;
    }
  }
  return undefined;
}

async function respond(metadata: MockMetadata, request: Request, path: string): Promise<Response> {
  const headers = Object.fromEntries(request.headers);
  const answer = metadata.answer({ method: request.method, path, headers });
  if (answer.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, answer.delayMs));
  return answer.delivery === "hang" ? new Promise<never>(() => {}) : responseOf(answer);
}

function responseOf(answer: Answer): Response {
  const { status } = answer;
  const headers = new Headers(answer.headers);
  const init = { status, statusText: STATUS_CODES[status] ?? "", headers };
  switch (answer.delivery) {
    case "reset":
    case "hang":
      return new Response(failingBody(undefined), init);
    case "truncate": {
      const { sent, declared } = truncated(answer.body);
      headers.set("Content-Length", declared);
      return new Response(failingBody(sent), init);
    }
    case "drip":
      headers.delete("Content-Length");
      return new Response(drippingBody(answer.body), init);
    case "whole":
      return new Response(isBodiless(status) ? null : answer.body, init);
  }
}

/**
 * A body that ends in a connection reset. When nothing of it was sent, a client of `node:http` sees what
 * a reset socket gives it (ECONNRESET, no response); `fetch` gets the headers first, then its body fails.
 */
function failingBody(bytes: Uint8Array | undefined): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream(
    {
      pull(controller) {
        if (left === undefined) {
          controller.error(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
          return;
        }
        controller.enqueue(left);
        left = undefined;
      },
    },
    { highWaterMark: 0 },
  );
}

/** Drips for as long as it is read: msw does not tell when a client has gone away. */
function drippingBody(body: Uint8Array): ReadableStream<Uint8Array> {
  const bytes = dripped(body);
  let timer: NodeJS.Timeout | undefined;
  return new ReadableStream(
    {
      pull: (controller) =>
        new Promise((resolve) => {
          timer = setTimeout(() => {
            controller.enqueue(bytes.next().value);
            resolve();
          }, DRIP_MS);
          // It must not keep the process of the test alive. In a browser-like environment a timer is a number.
          timer.unref?.();
        }),
      cancel: () => clearTimeout(timer),
    },
    { highWaterMark: 0 },
  );
}
