import type { MockStep } from "../types.js";
import { refuse } from "./checks.js";

/** A request's path, parsed. */
export interface MetadataPath {
  /** `latest`, a date, or whatever stands first; undefined at the root. */
  readonly version: string | undefined;
  /** Below the version, decoded. EC2 treats several slashes as one and ignores one at the end. */
  readonly segments: readonly string[];
  readonly step: MockStep;
}

/** Undefined if the path cannot be decoded. */
export function parsePath(target: string): MetadataPath | undefined {
  // A client that uses the mock as a proxy sends the whole URL.
  const path = target.replace(/^https?:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");
  try {
    const [version, ...segments] = path.split("/").filter(Boolean).map(decodeURIComponent);
    return { version, segments, step: stepOf(version, segments) };
  } catch {
    return undefined;
  }
}

function stepOf(version: string | undefined, segments: readonly string[]): MockStep {
  if (version === undefined || !isVersion(version)) return "other";
  const [first, second, third, fourth] = segments;
  if (first === "api") return second === "token" && third === undefined ? "token" : "other";
  if (first !== "meta-data" || second !== "iam" || third !== "security-credentials") return "metadata";
  return fourth === undefined ? "role" : "credentials";
}

/** `latest`, or a version that is (or looks like) a date. */
const isVersion = (version: string): boolean =>
  version === "latest" || version === "1.0" || /^\d{4}-\d\d-\d\d$/.test(version);

const BELOW = ["meta-data", "dynamic"];

/**
 * The segments below a version of a path that a test names: in full (`/latest/meta-data/placement/region`), without
 * the version (`dynamic/fws/instance-monitoring`), or below `meta-data/` (`placement/region`).
 *
 * @throws TypeError
 */
export function metadataSegments(name: string, path: unknown): string[] {
  const must = "a path below meta-data/ or dynamic/, such as placement/region";
  if (typeof path !== "string" || /[\p{Cc}?#]/u.test(path)) return refuse(`${name} path`, must, path);
  const [first = "", ...rest] = path.split("/").filter(Boolean);
  const segments =
    isVersion(first) || BELOW.includes(first) ? [first, ...rest] : ["meta-data", first, ...rest];
  if (isVersion(first)) segments.shift();
  const [folder = "", ...below] = segments;
  const legal = BELOW.includes(folder) && below.length > 0 && !below.some((part) => /^(\.\.?|)$/.test(part));
  // These stand beside meta-data/, not below it.
  const isOther = !isVersion(first) && /^(api|user-data)$/.test(first);
  return legal && !isOther ? segments : refuse(`${name} path`, must, path);
}

/** The dated versions that EC2 lists. */
export const DATED_VERSIONS: readonly string[] = [
  "1.0",
  "2007-01-19",
  "2007-03-01",
  "2007-08-29",
  "2007-10-10",
  "2007-12-15",
  "2008-02-01",
  "2008-09-01",
  "2009-04-04",
  "2011-01-01",
  "2011-05-01",
  "2012-01-12",
  "2014-02-25",
  "2014-11-05",
  "2015-10-20",
  "2016-04-19",
  "2016-06-30",
  "2016-09-02",
  "2018-03-28",
  "2018-08-17",
  "2018-09-24",
  "2019-10-01",
  "2020-10-27",
  "2021-01-03",
  "2021-03-23",
  "2021-07-15",
  "2022-09-24",
  "2024-04-11",
];
