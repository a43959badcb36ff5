import type { Logger } from "@smithy/types";
import { endpointProblem } from "./endpoint.js";
import { isRoleName } from "./role-name.js";

/**
 * How to reach the metadata service. Every option may be left out or `undefined`.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-client.html
 */
export interface InstanceMetadataOptions {
  /**
   * URL of the metadata service, `http:` or `https:`, without user info. Wins over `endpointMode`.
   * Environment `AWS_EC2_METADATA_SERVICE_ENDPOINT`, config file `ec2_metadata_service_endpoint`.
   */
  endpoint?: string | undefined;
  /**
   * Which of the two addresses of EC2 to use, any case; `"IPv4"` by default.
   * Environment `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`, config file `ec2_metadata_service_endpoint_mode`.
   */
  endpointMode?: "IPv4" | "IPv6" | (string & {}) | undefined;
  /**
   * Milliseconds for one whole attempt, from connecting to the last byte; 1000 by default.
   * Environment `AWS_METADATA_SERVICE_TIMEOUT` and config file `metadata_service_timeout`, both in seconds.
   */
  timeout?: number | undefined;
  /**
   * How often one request is sent again after its first attempt; 3 by default. The environment's
   * `AWS_METADATA_SERVICE_NUM_ATTEMPTS` and the config file's `metadata_service_num_attempts` count the first one too.
   */
  maxRetries?: number | undefined;
  /**
   * `true` by default: IMDSv1, which hands credentials to anybody who can make the instance send a GET, is
   * never used. Only an explicit `false` opens it, and then only when the token's PUT is answered by 403, 404 or 405.
   * Environment `AWS_EC2_METADATA_V1_DISABLED`, config file `ec2_metadata_v1_disabled`.
   */
  ec2MetadataV1Disabled?: boolean | undefined;
  /** Lifetime to ask for the session token, in seconds, 1 to 21600; 21600 by default. */
  tokenTtlSeconds?: number | undefined;
  /** Section of the shared config file; `AWS_PROFILE`, then `default`, when left out. */
  profile?: string | undefined;
  /** The AWS SDK's `Logger` (`console` is one); silent by default. It never gets a secret. */
  logger?: Logger | undefined;
}

/**
 * Options of {@link fromInstanceRole}. Every one may be left out or `undefined`.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
 */
export interface InstanceRoleOptions extends InstanceMetadataOptions {
  /**
   * Name of the role; skips asking which one is attached.
   * Environment `AWS_EC2_INSTANCE_PROFILE_NAME`, config file `ec2_instance_profile_name`.
   */
  roleName?: string | undefined;
  /**
   * How long before their expiration the credentials are refreshed, in seconds, more than 0. By default chosen
   * by the lifetime that a set has left when it arrives: 5 min up to 20 min, 15 min under 90 min, otherwise 60 min.
   */
  advisoryWindowSeconds?: number | undefined;
  /** Look again after this many seconds even if the expiration is far off; 3600 by default. */
  maxAgeSeconds?: number | undefined;
  /**
   * On the first load, keep looking for this many seconds when no role is attached or nothing answers: at boot
   * the role can be missing for a while. 0 by default.
   */
  waitForRoleSeconds?: number | undefined;
  /** `true` by default: providers with equal settings share one cache in the process; the logger does not count. */
  shared?: boolean | undefined;
}

const LONGEST_MS = 2 ** 31 - 1;
const LONGEST_SECONDS = Math.floor(LONGEST_MS / 1000);

type Problem = string | undefined;

const isNumber = (value: unknown): value is number => typeof value === "number";

function amount(value: unknown, unit: string, most: number, least?: 0): Problem {
  if (!isNumber(value)) return `must be a number of ${unit}`;
  if ((value > 0 || value === least) && value <= most) return undefined;
  return `must be ${least === 0 ? "from 0 to" : "more than 0 and at most"} ${most} ${unit}`;
}

function wholeNumber(value: unknown, least: number, most: number): Problem {
  if (!isNumber(value)) return "must be a number";
  return Number.isInteger(value) && value >= least && value <= most
    ? undefined
    : `must be a whole number from ${least} to ${most}`;
}

const text = (value: unknown): Problem =>
  typeof value === "string" && value !== "" ? undefined : "must be a string that is not empty";

const flag = (value: unknown): Problem => (typeof value === "boolean" ? undefined : "must be true or false");

/** What each option must be: one line an option, used for options and for settings from elsewhere alike. */
export const PROBLEMS: { readonly [K in keyof Required<InstanceRoleOptions>]: (value: unknown) => Problem } =
  {
    roleName: (value) =>
      text(value) ??
      (isRoleName(String(value)) ? undefined : "must be a role's name: letters, digits and +=,.@_-"),
    endpoint: (value) => text(value) ?? endpointProblem(String(value)),
    endpointMode: (value) =>
      text(value) ?? (/^ipv[46]$/i.test(String(value)) ? undefined : 'must be "IPv4" or "IPv6"'),
    timeout: (value) => amount(value, "milliseconds", LONGEST_MS),
    maxRetries: (value) => wholeNumber(value, 0, 1000),
    ec2MetadataV1Disabled: flag,
    tokenTtlSeconds: (value) => wholeNumber(value, 1, 21600),
    advisoryWindowSeconds: (value) => amount(value, "seconds", LONGEST_SECONDS),
    maxAgeSeconds: (value) => amount(value, "seconds", LONGEST_SECONDS),
    waitForRoleSeconds: (value) => amount(value, "seconds", LONGEST_SECONDS, 0),
    profile: text,
    logger: (value) =>
      isLogger(value) ? undefined : "must have the methods debug, info, warn and error, as console has",
    shared: flag,
  };

const NUMERIC: ReadonlySet<keyof InstanceRoleOptions> = new Set([
  "timeout",
  "maxRetries",
  "tokenTtlSeconds",
  "advisoryWindowSeconds",
  "maxAgeSeconds",
  "waitForRoleSeconds",
]);

const isLogger = (value: unknown): boolean =>
  ((typeof value === "object" && value !== null) || typeof value === "function") &&
  ["debug", "info", "warn", "error"].every((level) => typeof Reflect.get(value, level) === "function");

/**
 * The options that were given, inherited ones too. Refuses bad ones at construction: a `TypeError` for a value of the
 * wrong type or form, a `RangeError` for a number out of range; both name the option. No value is quoted: an endpoint
 * may hold a password.
 */
export function checkedOptions<T extends InstanceRoleOptions>(options: T): T {
  if (typeof options !== "object" || options === null) throw new TypeError("options must be an object");
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(PROBLEMS) as (keyof InstanceRoleOptions)[]) {
    const value = options[name];
    if (value === undefined) continue;
    const problem = PROBLEMS[name](value);
    const Kind = isNumber(value) && NUMERIC.has(name) ? RangeError : TypeError;
    if (problem !== undefined) throw new Kind(`${name} ${problem}`);
    given[name] = value;
  }
  return given as T;
}
