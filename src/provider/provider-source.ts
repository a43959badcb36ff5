import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@aws-sdk/types";
import type { CallProperties, CredentialsSource, FetchedCredentials } from "../cache/credentials-source.js";
import { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { notCredentialsError } from "../errors/messages.js";
import { saysRoleIsGone } from "./instance-role-source.js";

/** A provider that has not answered by then does not keep later refreshes from being tried. */
export const MAX_FETCH_MS = 120_000;

export interface ProviderSourceOptions {
  readonly name?: string | undefined;
  readonly isNonRecoverable?: ((error: unknown) => boolean) | undefined;
}

/** Any credentials provider as a source. */
export class ProviderSource implements CredentialsSource {
  readonly takesProperties = true;
  readonly maxFetchMs: number = MAX_FETCH_MS;
  readonly #provider: AwsCredentialIdentityProvider;
  readonly #options: ProviderSourceOptions;

  constructor(provider: AwsCredentialIdentityProvider, options: ProviderSourceOptions) {
    this.#provider = provider;
    this.#options = options;
  }

  get label(): string {
    return this.#options.name ?? "the wrapped credentials provider";
  }

  async fetch(properties: CallProperties | undefined): Promise<FetchedCredentials> {
    return checkedCredentials(await this.#provider(properties));
  }

  isNonRecoverable(error: unknown): boolean {
    const { isNonRecoverable = isNonRecoverableByDefault } = this.#options;
    try {
      return Boolean(isNonRecoverable(error));
    } catch {
      return false;
    }
  }

  isGone(error: unknown): boolean {
    return this.isNonRecoverable(error);
  }

  isRetriedAtBoot(): boolean {
    return false;
  }

  details(): { readonly name?: string } {
    const { name } = this.#options;
    return name === undefined ? {} : { name };
  }
}

/** An error of the AWS SDK, as far as it matters here. */
interface SdkError {
  readonly name?: unknown;
  readonly $fault?: unknown;
  readonly $retryable?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number | undefined };
}

/** Client errors of the AWS SDK that pass: expired credentials, a clock that is wrong, throttling. */
const PASSING_CLIENT_ERRORS =
  /^(Expired|InvalidToken|TokenRefreshRequired|Request(Expired|InTheFuture|TimeTooSkewed|Limit)|AuthFailure|InvalidSignature|SignatureDoesNotMatch|Throttl|TooManyRequests|IDPCommunicationError|PriorRequestNotComplete)/;

/** The role of the instance is gone, or a service refused for good: the permission was taken away, for example. */
function isNonRecoverableByDefault(error: unknown): boolean {
  if (error instanceof InstanceMetadataError) return saysRoleIsGone(error);
  if (typeof error !== "object" || error === null) return false;
  const { name, $fault, $retryable, $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? 0;
  if ($fault !== "client" || status < 400 || status > 499 || status === 408 || status === 429) return false;
  return !$retryable && !PASSING_CLIENT_ERRORS.test(String(name));
}

/** A copy of what the provider returned, checked. */
function checkedCredentials(identity: AwsCredentialIdentity): FetchedCredentials {
  if (typeof identity !== "object" || identity === null) throw notCredentialsError("the result", "an object");
  const copy = fieldsOf(identity);
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = copy;
  if (!isNonEmpty(accessKeyId)) throw notCredentialsError("accessKeyId", "a non-empty string");
  if (!isNonEmpty(secretAccessKey)) throw notCredentialsError("secretAccessKey", "a non-empty string");
  if (sessionToken !== undefined && typeof sessionToken !== "string")
    throw notCredentialsError("sessionToken", "a string or absent");
  if (expiration !== undefined && !isValidDate(expiration))
    throw notCredentialsError("expiration", "a valid Date or absent");
  const expiresAt = expiration?.getTime() ?? Number.POSITIVE_INFINITY;
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt, identity: copy };
}

const FIELDS = [
  "accessKeyId",
  "secretAccessKey",
  "sessionToken",
  "expiration",
  "credentialScope",
  "accountId",
] as const;

/** Those by name as well: in an object of a class they may be getters. */
function fieldsOf(identity: AwsCredentialIdentity): AwsCredentialIdentity {
  const named = FIELDS.map((field) => [field, identity[field]]).filter(([, value]) => value !== undefined);
  return { ...identity, ...Object.fromEntries(named) };
}

const isNonEmpty = (value: unknown): boolean => typeof value === "string" && value !== "";

/** By its tag: a test environment may have a `Date` of its own. */
const isValidDate = (value: unknown): boolean =>
  Object.prototype.toString.call(value) === "[object Date]" && !Number.isNaN((value as Date).getTime());
