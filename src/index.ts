/**
 * The credentials of an EC2 instance's role, and the rest of its metadata.
 *
 * @module ec2-role-credentials
 */

export type { RefreshKind } from "./cache/cache-state.js";
export type { CallProperties } from "./cache/credentials-source.js";
export type { RefreshError } from "./cache/refresh-error.js";
export type { RefreshEvent } from "./cache/refresh-events.js";
export { REFRESH_CHANNEL } from "./cache/refresh-events.js";
export type { RefreshStatus } from "./cache/refresh-status.js";
export type { InstanceMetadataOptions, InstanceRoleOptions } from "./config/options.js";
export type {
  InstanceMetadataErrorCode,
  InstanceMetadataErrorDetails,
  InstanceMetadataErrorJson,
  InstanceMetadataStep,
} from "./errors/instance-metadata-error.js";
export { InstanceMetadataError } from "./errors/instance-metadata-error.js";
export type { InstanceIdentityDocument, InstanceProfileInfo } from "./imds/instance-metadata-client.js";
export { InstanceMetadataClient } from "./imds/instance-metadata-client.js";
export { instanceRegion } from "./imds/instance-region.js";
export type { RefreshingProvider } from "./provider/cache-handle.js";
export type { ExpiredTokenPlugin } from "./provider/expired-token-plugin.js";
export { expiredTokenPlugin } from "./provider/expired-token-plugin.js";
export type { InstanceRoleProvider } from "./provider/from-instance-role.js";
export { fromInstanceRole } from "./provider/from-instance-role.js";
export type { RefreshOptions } from "./provider/refresh-ahead.js";
export { refreshAhead } from "./provider/refresh-ahead.js";
export type { ServedCredentials, ServeOptions } from "./provider/serve-credentials.js";
export { serveCredentials } from "./provider/serve-credentials.js";
