import type { MockStep } from "../types.js";

/** A request's path, taken apart. */
export interface MetadataPath {
  /** `latest`, a date, or whatever stands first; undefined at the root. */
  readonly version: string | undefined;
  /** Below the version, decoded. EC2 takes several slashes for one, and one at the end for none. */
  readonly segments: readonly string[];
  readonly step: MockStep;
}

/** Undefined if the path cannot be decoded. */
export function parsePath(target: string): MetadataPath | undefined {
  // A client that takes the mock for a proxy sends the whole URL.
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
