/**
 * The credentials of an EC2 instance's role, and the rest of its metadata.
 *
 * @module ec2-role-credentials
 */
export type {
  InstanceMetadataErrorCode,
  InstanceMetadataErrorDetails,
  InstanceMetadataPhase,
} from "./errors.js";
export { InstanceMetadataError } from "./errors.js";
export { expiredTokenPlugin } from "./expired-token-plugin.js";
export type { InstanceRoleProps, InstanceRoleProvider } from "./from-instance-role.js";
export { fromInstanceRole } from "./from-instance-role.js";
export type { InstanceIdentityDocument, InstanceProfileInfo } from "./instance-metadata-client.js";
export { InstanceMetadataClient } from "./instance-metadata-client.js";
export type { InstanceMetadataOptions, InstanceRoleOptions } from "./options.js";
export type { RefreshEvent, RefreshKind } from "./refresh-events.js";
export { REFRESH_CHANNEL } from "./refresh-events.js";
export type { RefreshStatus } from "./refresh-status.js";
export { instanceRegion } from "./region.js";
