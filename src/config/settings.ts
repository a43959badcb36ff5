import type { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { imdsDisabledError, invalidConfigurationError } from "../errors/messages.js";
import type { Endpoint } from "./endpoint.js";
import { ENDPOINT_MODES, parseEndpoint } from "./endpoint.js";
import type { InstanceMetadataOptions, InstanceRoleOptions } from "./options.js";
import { type Profile, readProfile } from "./profile.js";
import { type Resolution, resolveSetting } from "./resolve-setting.js";
import type { ResolvedSetting } from "./setting-source.js";

/** What the metadata client runs on. */
export interface MetadataSettings {
  readonly endpoint: Endpoint;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly imdsV1: "refused" | "allowed";
  readonly tokenTtlSeconds: number;
}

/** What a credentials cache runs on. Two providers whose settings have the same {@link settingsKey} can share one. */
export interface RoleSettings extends MetadataSettings {
  /** With its source, for the error that says that there is no such role. */
  readonly roleName: ResolvedSetting<string> | undefined;
  readonly advisoryWindowMs: number | undefined;
  readonly maxAgeMs: number;
  readonly waitForRoleMs: number;
}

/** Equal for settings that have equal values, wherever they come from. */
export const settingsKey = (settings: MetadataSettings | RoleSettings): string =>
  JSON.stringify({ ...settings, ...("roleName" in settings && { roleName: settings.roleName?.value }) });

/** The settings that can come from several places, each with its source. */
export interface ResolvedSettings {
  readonly profile: Profile;
  /** An endpoint that follows from a mode has the mode's source. */
  readonly endpoint: ResolvedSetting<Endpoint>;
  readonly timeoutMs: ResolvedSetting<number>;
  readonly maxRetries: ResolvedSetting<number>;
  readonly imdsV1: ResolvedSetting<"refused" | "allowed">;
  readonly roleName: ResolvedSetting<string> | undefined;
}

/** Whether the environment forbids every request to the metadata service. Not kept: it may change. */
export const metadataDisabled = (): boolean =>
  process.env.AWS_EC2_METADATA_DISABLED?.trim().toLowerCase() === "true";

export const disabledError = (endpoint?: Endpoint): InstanceMetadataError =>
  imdsDisabledError(endpoint?.href);

const DEFAULT = { kind: "default" } as const;

function resolveMetadata(resolution: Resolution): Omit<ResolvedSettings, "profile" | "roleName"> {
  const mode = resolveSetting("endpointMode", resolution);
  const endpoint = resolveSetting("endpoint", resolution);
  const timeout = resolveSetting("timeout", resolution);
  const v1Disabled = resolveSetting("ec2MetadataV1Disabled", resolution);
  const address = ENDPOINT_MODES[mode?.value.toLowerCase() === "ipv6" ? "ipv6" : "ipv4"];
  return {
    endpoint: {
      value: parseEndpoint(endpoint?.value ?? address),
      from: endpoint?.from ?? mode?.from ?? DEFAULT,
    },
    timeoutMs: timeout ?? { value: 1000, from: DEFAULT },
    maxRetries: resolveSetting("maxRetries", resolution) ?? { value: 3, from: DEFAULT },
    imdsV1: { value: v1Disabled?.value === false ? "allowed" : "refused", from: v1Disabled?.from ?? DEFAULT },
  };
}

const metadataValues = (
  { endpoint, timeoutMs, maxRetries, imdsV1 }: Omit<ResolvedSettings, "profile" | "roleName">,
  options: InstanceMetadataOptions,
): MetadataSettings => ({
  endpoint: endpoint.value,
  timeoutMs: timeoutMs.value,
  maxRetries: maxRetries.value,
  imdsV1: imdsV1.value,
  tokenTtlSeconds: options.tokenTtlSeconds ?? 21600,
});

function roleValues(resolved: ResolvedSettings, options: InstanceRoleOptions): RoleSettings {
  const window = options.advisoryWindowSeconds;
  return {
    ...metadataValues(resolved, options),
    roleName: resolved.roleName,
    advisoryWindowMs: window === undefined ? undefined : window * 1000,
    maxAgeMs: (options.maxAgeSeconds ?? 3600) * 1000,
    waitForRoleMs: (options.waitForRoleSeconds ?? 0) * 1000,
  };
}

/**
 * Puts options, environment and shared files together. The options have passed `checkedOptions`.
 *
 * @throws InstanceMetadataError `INVALID_CONFIGURATION` for values from the environment or the shared files that cannot
 * be used, naming all of them; `IMDS_DISABLED` instead when metadata is switched off, so that a chain moves on.
 */
function resolve<S>(
  settings: (resolution: Resolution) => S,
  options: InstanceMetadataOptions,
  profile: Profile,
): S {
  const resolution: Resolution = { options, profile, complaints: [] };
  const resolved = settings(resolution);
  if (resolution.complaints.length === 0) return resolved;
  throw metadataDisabled() ? disabledError() : invalidConfigurationError(resolution.complaints);
}

/** For the doctor: a provider's settings, and where each comes from. Throws as described at `resolve`. */
export function resolveWithSources(
  options: InstanceRoleOptions,
  profile: Profile,
): { readonly settings: RoleSettings; readonly resolved: ResolvedSettings } {
  const withRole = (resolution: Resolution): ResolvedSettings => ({
    profile,
    ...resolveMetadata(resolution),
    roleName: resolveSetting("roleName", resolution),
  });
  const resolved = resolve(withRole, options, profile);
  return { settings: roleValues(resolved, options), resolved };
}

const profileOf = ({ profile, logger }: InstanceMetadataOptions): Promise<Profile> =>
  readProfile(profile, logger).catch((error: unknown) => {
    throw metadataDisabled() ? disabledError() : error;
  });

/** For a provider of the role's credentials. Also rejects with `IMDS_UNREACHABLE` when no file descriptor is left. */
export async function resolveRoleSettings(options: InstanceRoleOptions): Promise<RoleSettings> {
  return resolveWithSources(options, await profileOf(options)).settings;
}

/** For the metadata client, which has no use for a role name. Rejects as {@link resolveRoleSettings} does. */
export async function resolveMetadataSettings(options: InstanceMetadataOptions): Promise<MetadataSettings> {
  return metadataValues(resolve(resolveMetadata, options, await profileOf(options)), options);
}
