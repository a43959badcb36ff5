import type { AwsCredentialIdentity } from "@aws-sdk/types";

/** One role's credentials and the identity object that callers get. */
export interface RoleCredentialSet {
  readonly roleName: string;
  readonly granted: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    readonly expiresAt: number;
  };
  readonly identity: AwsCredentialIdentity;
}

/** Where a cache gets credentials from. */
export interface CredentialsSource {
  /** Requests sent so far. */
  readonly requests: number;
  readonly roleName: string | undefined;
  load(): Promise<RoleCredentialSet>;
}

export const isSameSet = ({ granted: a }: RoleCredentialSet, { granted: b }: RoleCredentialSet): boolean =>
  a.accessKeyId === b.accessKeyId &&
  a.secretAccessKey === b.secretAccessKey &&
  a.sessionToken === b.sessionToken &&
  a.expiresAt === b.expiresAt;
