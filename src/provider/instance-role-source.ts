import type { AwsCredentialIdentity } from "@aws-sdk/types";
import type { CredentialsSource, RoleCredentialSet } from "../cache/credentials-source.js";
import type { RoleCredentials, RoleCredentialsReader } from "../imds/role-credentials.js";

/** The instance role as a source of credentials. */
export class InstanceRoleSource implements CredentialsSource {
  requests = 0;
  readonly #reader: RoleCredentialsReader;

  constructor(reader: RoleCredentialsReader) {
    this.#reader = reader;
  }

  get roleName(): string | undefined {
    return this.#reader.roleName;
  }

  async load(): Promise<RoleCredentialSet> {
    const granted = await this.#reader.fetch(() => this.requests++);
    return { roleName: granted.roleName, granted, identity: identityOf(granted) };
  }
}

/** Not frozen: the SDK writes on it. `$source` is how the SDK counts where credentials come from. */
function identityOf(credentials: RoleCredentials): AwsCredentialIdentity {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, accountId } = credentials;
  const identity = {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration: new Date(expiresAt),
    ...(accountId === undefined ? {} : { accountId }),
    $source: { CREDENTIALS_IMDS: "0" },
  };
  return identity;
}
