import { withoutUserInfo } from "./endpoint.js";
import type { InstanceRoleOptions } from "./options.js";
import { VALIDATORS } from "./options.js";
import { type Profile, valuesInProfile } from "./profile.js";
import { describeSource, type ResolvedSetting } from "./setting-source.js";

/** The settings that can come from the environment and the config file as well. */
export type SharedSetting =
  | "roleName"
  | "endpoint"
  | "endpointMode"
  | "timeout"
  | "maxRetries"
  | "ec2MetadataV1Disabled";

/** How the text of a variable or key becomes the option's value. */
interface TextForm<K extends SharedSetting> {
  readonly variable: string;
  /** Undefined for text that is not valid. */
  parse(text: string): InstanceRoleOptions[K];
  /** What the text must be, where that is not what the option must be. */
  readonly expects?: string;
}

const DECIMAL = /^(\d+(\.\d*)?|\.\d+)$/;
const asItIs = (text: string): string => text;

/** The variable of each setting; {@link configKey} gives its key in the config file. */
export const TEXT_FORMS: { readonly [K in SharedSetting]: TextForm<K> } = {
  roleName: { variable: "AWS_EC2_INSTANCE_PROFILE_NAME", parse: asItIs },
  endpoint: { variable: "AWS_EC2_METADATA_SERVICE_ENDPOINT", parse: asItIs },
  endpointMode: { variable: "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", parse: asItIs },
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

/** The key of a variable in the shared config file: `ec2_metadata_service_endpoint` and so on. */
export const configKey = (variable: string): string => variable.replace("AWS_", "").toLowerCase();

/** What a setting is resolved from, and where complaints about values that cannot be used are collected. */
export interface Resolution {
  readonly options: InstanceRoleOptions;
  readonly profile: Profile;
  readonly complaints: string[];
}

/** The option overrides the environment, which overrides the config file; an empty text counts as unset. */
export function resolveSetting<K extends SharedSetting>(
  name: K,
  { options, profile, complaints }: Resolution,
): ResolvedSetting<NonNullable<InstanceRoleOptions[K]>> | undefined {
  const option = options[name];
  if (option !== undefined) return { value: option, from: { kind: "option", option: name } };
  const { variable, parse, expects } = TEXT_FORMS[name];
  const found = fromEnvironment(variable) ?? valuesInProfile(profile, configKey(variable))[0];
  if (found === undefined) return undefined;
  const { value: text, from } = found;
  const value = parse(text);
  const complaint = VALIDATORS[name](value);
  if (value !== undefined && complaint === undefined) return { value, from };
  const source = describeSource(from);
  complaints.push(
    `${source[0]?.toUpperCase()}${source.slice(1)} is ${shown(text, name)}; it ${expects ?? complaint?.text}.`,
  );
  return undefined;
}

function fromEnvironment(variable: string): ResolvedSetting<string> | undefined {
  const value = process.env[variable]?.trim();
  return value ? { value, from: { kind: "environment", variable } } : undefined;
}

/** A role's name may have an `@` and no colon; anything else with an `@` may be a URL with a password. */
function shown(text: string, name: SharedSetting): string {
  const isUrl = name === "endpoint" || text.includes(":");
  return JSON.stringify((isUrl ? withoutUserInfo(text) : text).slice(0, 200));
}
