/** Where the metadata service is, ready to be joined with a path. */
export interface Endpoint {
  /** What messages show: scheme, host, port and base path. It never holds user info. */
  readonly href: string;
  readonly protocol: "http:" | "https:";
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number | undefined;
  /** Without a trailing slash; empty at the root. */
  readonly basePath: string;
}

export const ENDPOINT_MODES = { ipv4: "http://169.254.169.254", ipv6: "http://[fd00:ec2::254]" } as const;

/** What is wrong with an endpoint; undefined for a good one. The endpoint is not quoted: it may hold a password. */
export function endpointProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return "must be a URL such as http://127.0.0.1:1338";
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return "must be an http or https URL";
  if (url.username !== "" || url.password !== "") return "must be a URL without user name and password";
  if (url.search !== "" || url.hash !== "") return "must be a URL without query and fragment";
  return undefined;
}

/** Parses an endpoint that has passed {@link endpointProblem}. */
export function parseEndpoint(text: string): Endpoint {
  const url = new URL(text);
  const basePath = url.pathname.replace(/\/+$/, "");
  return {
    href: url.origin + basePath,
    protocol: url.protocol === "https:" ? "https:" : "http:",
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? undefined : Number(url.port),
    basePath,
  };
}

/** A text as it may be shown: without user info, if there is any. */
export const withoutUserInfo = (text: string): string => text.replace(/^.*@/s, "…@");
