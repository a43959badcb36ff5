import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { firstListedName, isRoleName } from "../config/role-name.js";
import type { RoleSettings } from "../config/settings.js";
import { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { noRoleError, WRONG_ROLE_NAME } from "../errors/messages.js";
import { RequestFailure } from "../errors/request-failure.js";
import type { GrantedCredentials } from "./credentials-document.js";
import { parseCredentialsDocument } from "./credentials-document.js";
import { MetadataReader } from "./metadata-reader.js";

const LIST_PATH = "/latest/meta-data/iam/security-credentials/";
const MOST_BYTES = 64 * 1024;

/** One set of temporary credentials and the role that it belongs to. */
export interface RoleCredentialSet {
  readonly roleName: string;
  /** What the service said. Nobody else has it: whoever is handed the identity may change that. */
  readonly granted: GrantedCredentials;
  readonly identity: AwsCredentialIdentity;
}

export const isSameSet = ({ granted: a }: RoleCredentialSet, { granted: b }: RoleCredentialSet): boolean =>
  a.accessKeyId === b.accessKeyId &&
  a.secretAccessKey === b.secretAccessKey &&
  a.sessionToken === b.sessionToken &&
  a.expiresAt === b.expiresAt;

/** Looks the instance role's credentials up: the name once, then one request a reload. */
export class RoleCredentials {
  readonly #reader: MetadataReader;
  readonly #configuredName: string | undefined;
  #knownName: string | undefined;

  constructor(settings: RoleSettings) {
    this.#reader = new MetadataReader(settings);
    this.#configuredName = settings.roleName;
  }

  /** How many requests were sent so far. */
  get requests(): number {
    return this.#reader.requests;
  }

  /** The name that is configured or was listed last. */
  get roleName(): string | undefined {
    return this.#configuredName ?? this.#knownName;
  }

  /** Where messages say that it happened. */
  get endpoint(): string {
    return this.#reader.settings.endpoint.href;
  }

  /** One look. Rejects with an `InstanceMetadataError`. */
  load(): Promise<RoleCredentialSet> {
    return this.#reader.hold(() =>
      this.#configuredName === undefined ? this.#loadListed() : this.#loadConfigured(this.#configuredName),
    );
  }

  async #loadConfigured(name: string): Promise<RoleCredentialSet> {
    try {
      return await this.#document(name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const what = `There is no role ${name}, the configured one,`;
      throw noRoleError(what, this.endpoint, error.attempts, WRONG_ROLE_NAME);
    }
  }

  /** A 404 on the document means that the role may have been replaced: list again, once. */
  async #loadListed(): Promise<RoleCredentialSet> {
    const name = this.#knownName ?? (await this.#list());
    try {
      return await this.#document(name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const listed = await this.#list();
    try {
      return await this.#document(listed);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#knownName = undefined;
      const what = `The role ${listed} is listed, but has no credentials, also after listing again,`;
      throw noRoleError(what, this.endpoint, error.attempts);
    }
  }

  async #list(): Promise<string> {
    this.#knownName = undefined;
    const name = await this.#reader.read({
      step: "role",
      path: LIST_PATH,
      maxBytes: MOST_BYTES,
      accept: (body) => {
        const listed = firstListedName(body);
        if (listed === undefined) throw new RequestFailure("unlisted", "the list is empty");
        if (!isRoleName(listed)) throw new RequestFailure("illegal", "what is listed is not a role's name");
        return listed;
      },
    });
    this.#knownName = name;
    return name;
  }

  async #document(roleName: string): Promise<RoleCredentialSet> {
    const { document, attempt } = await this.#reader.read({
      step: "credentials",
      path: LIST_PATH + encodeURIComponent(roleName),
      maxBytes: MOST_BYTES,
      accept: (body, sent) => ({
        document: parseCredentialsDocument(body, sent.token),
        attempt: sent.attempt,
      }),
    });
    if (document.outcome === "denied") throw this.#notAssumable(roleName, document, attempt);
    return { roleName, granted: document, identity: identityOf(document) };
  }

  #notAssumable(
    roleName: string,
    { code, message }: { code: string; message: string },
    attempts: number,
  ): InstanceMetadataError {
    const said = message === "" ? code : `${code}: ${message}`;
    return new InstanceMetadataError(
      `EC2 got no credentials for the role ${roleName} at ${this.endpoint}; it says ${said}. The role's trust policy must let ec2.amazonaws.com assume it.`,
      { code: "ROLE_NOT_ASSUMABLE", step: "credentials", attempts, statusCode: 200 },
    );
  }
}

const isNotFound = (error: unknown): error is InstanceMetadataError =>
  error instanceof InstanceMetadataError && error.step === "credentials" && error.statusCode === 404;

/** Not frozen: the SDK writes on it. `$source` is how the SDK counts where credentials come from. */
function identityOf(granted: GrantedCredentials): AwsCredentialIdentity {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, accountId } = granted;
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
