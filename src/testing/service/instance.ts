import type { MockImdsOptions } from "../types.js";
import {
  checkNames,
  checkNumber,
  checkOneOf,
  checkPattern,
  checkRoleName,
  checkText,
  checkWholeNumber,
  MAX_SECONDS,
  refuse,
} from "./checks.js";
import { checkContent, isBytes, type MetadataContent } from "./metadata-node.js";
import { metadataSegments } from "./metadata-path.js";

export const IMAGE_ID = "ami-0a1b2c3d4e5f67890";
export const INSTANCE_TYPE = "t3.micro";

/** Other content for one path below a version; `null` takes it away. */
export interface MetadataOverride {
  readonly segments: readonly string[];
  readonly content: MetadataContent | null;
}

/** The options, checked, with everything filled in that has a default. */
export interface Instance {
  readonly roleName: string | null;
  /** Only when it was given. */
  readonly accountId: string | undefined;
  readonly region: string;
  readonly availabilityZone: string;
  readonly instanceId: string;
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly userData: MetadataContent | undefined;
  readonly metadata: readonly MetadataOverride[];
  readonly credentialsTtlSeconds: number;
  readonly rotateEverySeconds: number | undefined;
  readonly imdsV1: boolean;
  readonly endpoint: string | undefined;
}

/** The account that stands in where EC2 always names one. */
export const accountOf = (instance: Instance): string => instance.accountId ?? "123456789012";

const PLACE = /^[a-z0-9-]+$/;

const OPTIONS: readonly (keyof Required<MockImdsOptions>)[] = [
  "roleName",
  "accountId",
  "region",
  "availabilityZone",
  "instanceId",
  "tags",
  "userData",
  "metadata",
  "credentialsTtlSeconds",
  "rotateEverySeconds",
  "imdsV1",
  "endpoint",
];

/** Checks a value that may be left out. */
const optional = <T>(value: unknown, check: (value: unknown) => T): T | undefined =>
  value === undefined ? undefined : check(value);

function checkTags(tags: unknown): Readonly<Record<string, string>> {
  if (typeof tags !== "object" || tags === null || Array.isArray(tags)) refuse("tags", "an object", tags);
  for (const [key, value] of Object.entries(tags)) {
    // What EC2 demands of tags that it is to show in metadata.
    checkPattern(
      "tags",
      key,
      /^(?!\.{1,2}$|_index$)[\w+=.,:@-]+$/,
      "named with letters, digits and +-=.,_:@ only, and not ., .. or _index",
    );
    if (typeof value !== "string") refuse(`tags.${key}`, "a string", value);
  }
  return { ...tags };
}

function checkUserData(value: unknown): MetadataContent {
  if (typeof value === "string") return value;
  return isBytes(value) ? Buffer.from(value) : refuse("userData", "a string or a Uint8Array", value);
}

function checkMetadata(metadata: unknown): MetadataOverride[] {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata))
    refuse("metadata", "an object of contents by path", metadata);
  return Object.entries(metadata).map(([path, content]) => metadataOverride("metadata", path, content));
}

/** @throws TypeError that names the path */
export const metadataOverride = (name: string, path: unknown, content: unknown): MetadataOverride => ({
  segments: metadataSegments(name, path),
  content: content === null ? null : checkContent(`${name} ${String(path)}`, content),
});

function checkEndpoint(value: unknown): string {
  const text = checkText("endpoint", value);
  const usable = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  return usable ? text : refuse("endpoint", "an http or https URL", value);
}

export function checkOptions(options: MockImdsOptions): Instance {
  checkNames("options", options, OPTIONS);
  const zone = optional(options.availabilityZone, (value) =>
    checkPattern("availabilityZone", value, PLACE, "a zone's name such as us-east-1a"),
  );
  const region =
    optional(options.region, (value) =>
      checkPattern("region", value, PLACE, "a Region's name such as us-east-1"),
    ) ??
    zone?.match(/^[a-z]+(-[a-z]+)+-\d+/)?.[0] ??
    "us-east-1";
  const { roleName } = options;
  return {
    roleName:
      roleName === null ? null : (optional(roleName, (v) => checkRoleName("roleName", v)) ?? "mock-role"),
    accountId: optional(options.accountId, (v) => checkPattern("accountId", v, /^\d{12}$/, "twelve digits")),
    region,
    availabilityZone: zone ?? `${region}a`,
    instanceId:
      optional(options.instanceId, (v) =>
        checkPattern("instanceId", v, /^[\w-]+$/, "an id such as i-0a1b2c3d"),
      ) ?? "i-0a1b2c3d4e5f67890",
    tags: optional(options.tags, checkTags),
    userData: optional(options.userData, checkUserData),
    metadata: optional(options.metadata, checkMetadata) ?? [],
    credentialsTtlSeconds:
      optional(options.credentialsTtlSeconds, (v) =>
        checkWholeNumber("credentialsTtlSeconds", v, 1, MAX_SECONDS),
      ) ?? 21600,
    rotateEverySeconds: optional(options.rotateEverySeconds, (v) =>
      checkNumber("rotateEverySeconds", v, 0.001, MAX_SECONDS),
    ),
    imdsV1: optional(options.imdsV1, (v) => checkOneOf("imdsV1", v, [true, false])) ?? false,
    endpoint: optional(options.endpoint, checkEndpoint),
  };
}
