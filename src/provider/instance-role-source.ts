import type { AwsCredentialIdentity } from "@aws-sdk/types";
import type { CredentialsSource, FetchedCredentials } from "../cache/credentials-source.js";
import type { InstanceMetadataErrorCode } from "../errors/instance-metadata-error.js";
import { codeOf } from "../errors/instance-metadata-error.js";
import type { RoleCredentials, RoleCredentialsReader } from "../imds/role-credentials.js";

type Codes = ReadonlySet<InstanceMetadataErrorCode | undefined>;

const ROLE_IS_GONE: Codes = new Set(["NO_ROLE_ATTACHED", "ROLE_NOT_ASSUMABLE"] as const);

const NON_RECOVERABLE: Codes = new Set([
  ...ROLE_IS_GONE,
  "IMDS_DISABLED",
  "IMDS_FORBIDDEN",
  "IMDS_UNREACHABLE",
] as const);

/** Waiting does not help against these. */
const FINAL_AT_BOOT: Codes = new Set(["INVALID_CONFIGURATION", "IMDS_DISABLED"] as const);

/** Whether the instance has no role any more, as opposed to a metadata service that is down. */
export const saysRoleIsGone = (error: unknown): boolean => ROLE_IS_GONE.has(codeOf(error));

/** The instance role as a source of credentials. */
export class InstanceRoleSource implements CredentialsSource {
  readonly takesProperties = false;
  readonly #reader: RoleCredentialsReader;
  #requests = 0;

  constructor(reader: RoleCredentialsReader) {
    this.#reader = reader;
  }

  get label(): string {
    const { roleName } = this.#reader;
    return roleName === undefined ? "the instance role" : `role ${roleName}`;
  }

  async fetch(): Promise<FetchedCredentials> {
    this.#requests = 0;
    const credentials = await this.#reader.fetch(() => this.#requests++);
    return { ...credentials, identity: identityOf(credentials) };
  }

  isNonRecoverable(error: unknown): boolean {
    return NON_RECOVERABLE.has(codeOf(error));
  }

  isGone(error: unknown): boolean {
    return saysRoleIsGone(error);
  }

  isRetriedAtBoot(error: unknown): boolean {
    return !FINAL_AT_BOOT.has(codeOf(error));
  }

  details(): { readonly roleName?: string; readonly requests: number } {
    const { roleName } = this.#reader;
    return { requests: this.#requests, ...(roleName !== undefined && { roleName }) };
  }
}

/** Not frozen: SDK clients write on it. `$source` is how they count where credentials come from. */
function identityOf(credentials: RoleCredentials): AwsCredentialIdentity {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, accountId } = credentials;
  const identity = {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration: new Date(expiresAt),
    ...(accountId !== undefined && { accountId }),
    $source: { CREDENTIALS_IMDS: "0" },
  };
  return identity;
}
