import { firstListedName, isRoleName } from "../config/role-name.js";
import type { ResolvedSetting } from "../config/setting-source.js";
import { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { noRoleError, WRONG_ROLE_NAME } from "../errors/messages.js";
import { RequestFailure } from "../errors/request-failure.js";
import { parseCredentialsDocument } from "./credentials-document.js";
import type { MetadataReader } from "./metadata-reader.js";

const LIST_PATH = "/latest/meta-data/iam/security-credentials/";
const MAX_BYTES = 64 * 1024;

/** A role's temporary credentials, as plain data. */
export interface RoleCredentials {
  readonly roleName: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly accountId?: string;
}

/** Reads the instance role's credentials: the role's name once, then one request for each refresh. */
export class RoleCredentialsReader {
  readonly #reader: MetadataReader;
  readonly #configured: ResolvedSetting<string> | undefined;
  #listedName: string | undefined;

  constructor(reader: MetadataReader, roleName: ResolvedSetting<string> | undefined) {
    this.#reader = reader;
    this.#configured = roleName;
  }

  /** The name that is configured or was listed last. */
  get roleName(): string | undefined {
    return this.#configured?.value ?? this.#listedName;
  }

  /**
   * Reads the credentials once, retries of its requests included. Rejects with an `InstanceMetadataError`.
   *
   * @param onRequest called for each HTTP request that is sent, those for the session token and retries included.
   */
  fetch(onRequest?: () => void): Promise<RoleCredentials> {
    return this.#reader.hold(() =>
      this.#configured === undefined
        ? this.#fetchListed(onRequest)
        : this.#fetchConfigured(this.#configured.value, onRequest),
    );
  }

  async #fetchConfigured(name: string, onRequest: (() => void) | undefined): Promise<RoleCredentials> {
    try {
      return await this.#document(name, onRequest);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const what = `There is no role ${name}, the configured one,`;
      throw noRoleError(what, this.#endpoint, error.attempts, WRONG_ROLE_NAME);
    }
  }

  /** A 404 on the document means that the role may have been replaced: list again, once. */
  async #fetchListed(onRequest: (() => void) | undefined): Promise<RoleCredentials> {
    const name = this.#listedName ?? (await this.#list(onRequest));
    try {
      return await this.#document(name, onRequest);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const listed = await this.#list(onRequest);
    try {
      return await this.#document(listed, onRequest);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#listedName = undefined;
      const what = `The role ${listed} is listed, but has no credentials, also after listing again,`;
      throw noRoleError(what, this.#endpoint, error.attempts);
    }
  }

  async #list(onRequest: (() => void) | undefined): Promise<string> {
    this.#listedName = undefined;
    const name = await this.#reader.read({
      step: "role",
      path: LIST_PATH,
      maxBytes: MAX_BYTES,
      onRequest,
      accept: (body) => {
        const listed = firstListedName(body);
        if (listed === undefined) throw new RequestFailure("unlisted", "the list is empty");
        if (!isRoleName(listed)) throw new RequestFailure("illegal", "what is listed is not a role's name");
        return listed;
      },
    });
    this.#listedName = name;
    return name;
  }

  async #document(roleName: string, onRequest: (() => void) | undefined): Promise<RoleCredentials> {
    const { document, attempt } = await this.#reader.read({
      step: "credentials",
      path: LIST_PATH + encodeURIComponent(roleName),
      maxBytes: MAX_BYTES,
      onRequest,
      accept: (body, sent) => ({
        document: parseCredentialsDocument(body, sent.token),
        attempt: sent.attempt,
      }),
    });
    if (document.outcome === "denied") throw this.#notAssumable(roleName, document, attempt);
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt, accountId } = document;
    const credentials = { roleName, accessKeyId, secretAccessKey, sessionToken, expiresAt };
    return accountId === undefined ? credentials : { ...credentials, accountId };
  }

  #notAssumable(
    roleName: string,
    { code, message }: { code: string; message: string },
    attempts: number,
  ): InstanceMetadataError {
    const said = message === "" ? code : `${code}: ${message}`;
    return new InstanceMetadataError(
      `EC2 got no credentials for the role ${roleName} at ${this.#endpoint}; it says ${said}. The role's trust policy must let ec2.amazonaws.com assume it.`,
      { code: "ROLE_NOT_ASSUMABLE", step: "credentials", attempts, statusCode: 200 },
    );
  }

  get #endpoint(): string {
    return this.#reader.settings.endpoint.href;
  }
}

const isNotFound = (error: unknown): error is InstanceMetadataError =>
  error instanceof InstanceMetadataError && error.step === "credentials" && error.statusCode === 404;
