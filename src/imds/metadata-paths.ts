/** Where the metadata service has what this library reads. */
export const TOKEN_PATH = "/latest/api/token";
export const METADATA_PATH = "/latest/meta-data/";
export const INSTANCE_ID_PATH: string = `${METADATA_PATH}instance-id`;
export const REGION_PATH: string = `${METADATA_PATH}placement/region`;
export const PROFILE_PATH: string = `${METADATA_PATH}iam/info`;
export const ROLE_LIST_PATH: string = `${METADATA_PATH}iam/security-credentials/`;
export const IDENTITY_DOCUMENT_PATH = "/latest/dynamic/instance-identity/document";

/**
 * The path of a role's credentials document. The letters that IAM allows in a role's name are sent as they are; a name
 * that is an ARN or has a path becomes one segment.
 */
export const credentialsPath = (roleName: string): string =>
  ROLE_LIST_PATH + roleName.replaceAll(":", "%3A").replaceAll("/", "%2F");
