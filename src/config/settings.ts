import { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import type { Endpoint } from "./endpoint.js";
import { ENDPOINT_MODES, parseEndpoint, withoutUserInfo } from "./endpoint.js";
import type { InstanceMetadataOptions, InstanceRoleOptions } from "./options.js";
import { PROBLEMS } from "./options.js";
import { type ProfileSection, readProfile } from "./shared-config.js";

/** What the metadata client runs on, once options, environment and config file are put together. */
export interface MetadataSettings {
  readonly endpoint: Endpoint;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly imdsV1: "refused" | "allowed";
  readonly tokenTtlSeconds: number;
}

/** What a credentials cache runs on. Two providers with equal settings can share one. */
export interface RoleSettings extends MetadataSettings {
  readonly roleName: string | undefined;
  readonly advisoryWindowMs: number | undefined;
  readonly maxAgeMs: number;
  readonly waitForRoleMs: number;
}

/** Whether the environment forbids every request to the metadata service. Read anew each time, as the SDKs do. */
export const metadataDisabled = (): boolean =>
  process.env.AWS_EC2_METADATA_DISABLED?.trim().toLowerCase() === "true";

export const disabledError = (endpoint?: Endpoint): InstanceMetadataError =>
  new InstanceMetadataError(
    `The EC2 instance metadata service${endpoint ? ` at ${endpoint.href}` : ""} is switched off by the environment variable AWS_EC2_METADATA_DISABLED. Unset it to use the instance role.`,
    { code: "IMDS_DISABLED", step: "token" },
  );

/** The settings that have a place besides the options. */
export type Sourced =
  | "roleName"
  | "endpoint"
  | "endpointMode"
  | "timeout"
  | "maxRetries"
  | "ec2MetadataV1Disabled";

/** Where a setting is looked for when there is no option, and how its text becomes the option's value. */
interface Source<K extends Sourced> {
  readonly variable: string;
  /** Undefined for text that is not valid. */
  parse(text: string): InstanceRoleOptions[K];
  /** What the text must be, where that is not what the option must be. */
  readonly expects?: string;
}

const DECIMAL = /^(\d+(\.\d*)?|\.\d+)$/;
const itself = (text: string): string => text;

export const SOURCES: { readonly [K in Sourced]: Source<K> } = {
  roleName: { variable: "AWS_EC2_INSTANCE_PROFILE_NAME", parse: itself },
  endpoint: { variable: "AWS_EC2_METADATA_SERVICE_ENDPOINT", parse: itself },
  endpointMode: { variable: "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", parse: itself },
  timeout: {
    variable: "AWS_METADATA_SERVICE_TIMEOUT",
    // To the microsecond, so that 1.005 s is what an option of 1005 ms is.
    parse: (text) => (DECIMAL.test(text) ? Math.round(Number(text) * 1e6) / 1000 : undefined),
    expects: "must be a number of seconds, more than 0 and at most 2147483",
  },
  maxRetries: {
    variable: "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    parse: (text) => (/^\d+$/.test(text) ? Number(text) - 1 : undefined),
    expects: "must be a whole number of attempts from 1 to 1001",
  },
  ec2MetadataV1Disabled: {
    variable: "AWS_EC2_METADATA_V1_DISABLED",
    parse: (text) => (/^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : undefined),
  },
};

/** What a variable is called in the shared config file: `ec2_metadata_service_endpoint` and so on. */
export const configKey = (variable: string): string => variable.replace("AWS_", "").toLowerCase();

function invalid(place: string, text: string, problem: string): InstanceMetadataError {
  const shown = JSON.stringify(text.slice(0, 200));
  return new InstanceMetadataError(`${place} is ${shown}; it ${problem}.`, {
    code: "INVALID_CONFIGURATION",
    step: "token",
  });
}

/** A setting and the place that it comes from. */
export interface Found<T> {
  readonly value: T;
  readonly from: "option" | "environment" | "config file";
}

/** Option beats environment beats config file; an empty text counts as unset. */
export function findSetting<K extends Sourced>(
  name: K,
  options: InstanceRoleOptions,
  section: ProfileSection,
): Found<NonNullable<InstanceRoleOptions[K]>> | undefined {
  const option = options[name];
  if (option !== undefined) return { value: option, from: "option" };
  const { variable, parse, expects } = SOURCES[name];
  const key = configKey(variable);
  const places = [
    { from: "environment", called: `The environment variable ${variable}`, text: process.env[variable] },
    {
      from: "config file",
      called: `The key ${key} in the shared config file or the credentials file`,
      text: section[key],
    },
  ] as const;
  for (const { from, called, text } of places) {
    const trimmed = text?.trim() ?? "";
    if (trimmed === "") continue;
    const value = parse(trimmed);
    const problem = PROBLEMS[name](value);
    if (value !== undefined && problem === undefined) return { value, from };
    // A role's name may have an @, and no colon.
    const isUrl = name === "endpoint" || trimmed.includes(":");
    throw invalid(called, isUrl ? withoutUserInfo(trimmed) : trimmed, expects ?? String(problem));
  }
  return undefined;
}

const settle = <K extends Sourced>(
  name: K,
  options: InstanceRoleOptions,
  section: ProfileSection,
): InstanceRoleOptions[K] => findSetting(name, options, section)?.value;

function metadataSettings(options: InstanceMetadataOptions, section: ProfileSection): MetadataSettings {
  const mode = settle("endpointMode", options, section)?.toLowerCase() === "ipv6" ? "ipv6" : "ipv4";
  return {
    endpoint: parseEndpoint(settle("endpoint", options, section) ?? ENDPOINT_MODES[mode]),
    timeoutMs: settle("timeout", options, section) ?? 1000,
    maxRetries: settle("maxRetries", options, section) ?? 3,
    imdsV1: settle("ec2MetadataV1Disabled", options, section) === false ? "allowed" : "refused",
    tokenTtlSeconds: options.tokenTtlSeconds ?? 21600,
  };
}

function roleSettings(options: InstanceRoleOptions, section: ProfileSection): RoleSettings {
  const window = options.advisoryWindowSeconds;
  return {
    ...metadataSettings(options, section),
    roleName: settle("roleName", options, section),
    advisoryWindowMs: window === undefined ? undefined : window * 1000,
    maxAgeMs: (options.maxAgeSeconds ?? 3600) * 1000,
    waitForRoleMs: (options.waitForRoleSeconds ?? 0) * 1000,
  };
}

/**
 * Puts options, environment and shared config file together. The options have passed `checkedOptions`.
 *
 * @throws InstanceMetadataError `INVALID_CONFIGURATION` for a value from the environment or the config file that
 * is not valid; `IMDS_DISABLED` instead when metadata is switched off, so that a chain moves on.
 */
async function resolve<O extends InstanceMetadataOptions, S>(
  settings: (options: O, section: ProfileSection) => S,
  options: O,
): Promise<S> {
  const section = await readProfile(options.profile);
  try {
    return settings(options, section);
  } catch (error) {
    throw metadataDisabled() ? disabledError() : error;
  }
}

export const resolveMetadataSettings = (options: InstanceMetadataOptions): Promise<MetadataSettings> =>
  resolve(metadataSettings, options);

export const resolveRoleSettings = (options: InstanceRoleOptions): Promise<RoleSettings> =>
  resolve(roleSettings, options);
