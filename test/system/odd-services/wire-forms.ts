import type { Raw } from "./raw-service.js";

/** The responses of server software that metadata services other than EC2's are written with, as it sends them. */

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  301: "Moved Permanently",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
  501: "Not Implemented",
  504: "Gateway Timeout",
};

type Headers = Readonly<Record<string, string>>;

function response(protocol: string, status: number, headers: Headers, body: string): Raw {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${protocol} ${status} ${REASONS[status] ?? ""}\r\n${lines.join("")}\r\n${body}`;
}

const DATE = { Date: new Date().toUTCString() };
const size = (body: string): Headers => ({ "Content-Length": String(Buffer.byteLength(body)) });

/** Go's `net/http`: a text whose type it has found out by itself. */
export const go = (status: number, body: string, headers: Headers = {}): Raw =>
  response(
    "HTTP/1.1",
    status,
    { ...headers, ...DATE, ...size(body), "Content-Type": "text/plain; charset=utf-8" },
    body,
  );

/** Go's `http.Error`, which is also its answer to a path that has no handler. */
export const goError = (status: number, text = "404 page not found"): Raw =>
  go(status, `${text}\n`, { "X-Content-Type-Options": "nosniff" });

/** Go's `json.NewEncoder(w).Encode`: with a line feed at its end, and no type of its own. */
export const goJson = (value: unknown, headers: Headers = {}): Raw =>
  go(200, `${JSON.stringify(value)}\n`, headers);

/** Flask on Werkzeug's development server: a connection for each request. */
export const flask = (status: number, body: string, type = "text/html; charset=utf-8"): Raw =>
  response(
    "HTTP/1.1",
    status,
    {
      Server: "Werkzeug/3.1.3 Python/3.12.3",
      ...DATE,
      "Content-Type": type,
      ...size(body),
      Connection: "close",
    },
    body,
  );

export const flaskJson = (value: unknown): Raw =>
  flask(200, `${JSON.stringify(value, undefined, 2)}\n`, "application/json");

/** Flask's page for an error. */
export const flaskError = (status: number): Raw =>
  flask(
    status,
    `<!doctype html>\n<html lang=en>\n<title>${status} ${REASONS[status]}</title>\n<h1>${REASONS[status]}</h1>\n`,
  );

/** Python's `http.server`: HTTP/1.0, and the body ends with the connection. */
export const pythonHttp = (status: number, body: string): Raw =>
  response("HTTP/1.0", status, { Server: "BaseHTTP/0.6 Python/3.12.3", ...DATE }, body);

/** Sinatra on Thin or Puma. */
export const sinatra = (status: number, body: string): Raw =>
  response(
    "HTTP/1.1",
    status,
    { "Content-Type": "text/html;charset=utf-8", ...size(body), "X-XSS-Protection": "1; mode=block" },
    body,
  );

/** EC2's own service, where a proxy passes requests on to it. */
export const ec2 = (status: number, body: string, headers: Headers = {}): Raw =>
  response(
    "HTTP/1.1",
    status,
    {
      "Content-Type": status === 200 ? "text/plain" : "text/html",
      ...size(body),
      ...DATE,
      ...headers,
      Server: "EC2ws",
    },
    body,
  );

/** EC2's page for an error. */
export const ec2Error = (status: number): Raw =>
  ec2(
    status,
    `<?xml version="1.0" encoding="iso-8859-1"?>\n<html>\n <head>\n  <title>${status} - ${REASONS[status]}</title>\n </head>\n</html>\n`,
  );

/** In chunks, as a proxy or a streaming server sends it. */
export const chunked = (body: string): Raw =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${[...(body.match(/[\s\S]{1,7}/g) ?? []), ""]
    .map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`)
    .join("")}`;
