import { describeSource, type ResolvedSetting } from "../config/setting-source.js";
import type { RequestContext } from "../errors/messages.js";
import { configuredRoleMissing, listedRoleMissing, roleNotAssumable } from "../errors/messages.js";
import type { CredentialsDocument, DocumentCredentials } from "./credentials-document.js";
import { parseCredentialsDocument } from "./credentials-document.js";
import { credentialsPath, ROLE_LIST_PATH } from "./metadata-paths.js";
import type { MetadataContent, MetadataReader, ReadResult } from "./metadata-reader.js";
import { parseRoleList } from "./role-list.js";

/** A role's temporary credentials, as plain data. */
export interface RoleCredentials extends DocumentCredentials {
  readonly roleName: string;
}

type OnRequest = (() => void) | undefined;

/** Reads the instance role's credentials: the role's name once, then one request for each refresh. */
export class RoleCredentialsReader {
  readonly #reader: MetadataReader;
  readonly #configured: ResolvedSetting<string> | undefined;
  /** The listed name whose document answered last time. */
  #answeringName: string | undefined;
  #lastListed: string | undefined;
  #lastSecrets: readonly string[] = [];

  constructor(reader: MetadataReader, roleName: ResolvedSetting<string> | undefined) {
    this.#reader = reader;
    this.#configured = roleName;
  }

  /** The name that is configured or was listed last. */
  get roleName(): string | undefined {
    return this.#configured?.value ?? this.#lastListed;
  }

  /**
   * Reads the credentials once, retries of its requests included. Rejects with an `InstanceMetadataError`.
   *
   * @param onRequest called for each HTTP request that is sent, those for the session token and retries included
   */
  async fetch(onRequest?: () => void): Promise<RoleCredentials> {
    return await this.#reader.withConnections(() =>
      this.#configured ? this.#fetchConfigured(this.#configured, onRequest) : this.#fetchListed(onRequest),
    );
  }

  async #fetchConfigured(
    { value: roleName, from }: ResolvedSetting<string>,
    onRequest: OnRequest,
  ): Promise<RoleCredentials> {
    const result = await this.#readDocument(roleName, onRequest);
    if (result.outcome === "found") return this.#credentials(roleName, result);
    throw configuredRoleMissing({ roleName, setting: describeSource(from) }, this.#context(result.attempts));
  }

  /** A listed name is kept while its document answers. If it is missing, the role may have been replaced: list again. */
  async #fetchListed(onRequest: OnRequest): Promise<RoleCredentials> {
    let roleName = this.#answeringName ?? (await this.#list(onRequest));
    this.#answeringName = undefined;
    let result = await this.#readDocument(roleName, onRequest);
    if (result.outcome === "missing") {
      roleName = await this.#list(onRequest);
      result = await this.#readDocument(roleName, onRequest);
    }
    if (result.outcome === "missing") throw listedRoleMissing(roleName, this.#context(result.attempts));
    const credentials = this.#credentials(roleName, result);
    this.#answeringName = roleName;
    return credentials;
  }

  async #list(onRequest: OnRequest): Promise<string> {
    this.#lastListed = undefined;
    this.#lastListed = await this.#reader.read({
      step: "role",
      path: ROLE_LIST_PATH,
      onRequest,
      accept: (content) => parseRoleList(content.text, this.#secrets(content)),
    });
    return this.#lastListed;
  }

  #readDocument(roleName: string, onRequest: OnRequest): Promise<ReadResult<CredentialsDocument>> {
    return this.#reader.readIfPresent({
      step: "credentials",
      path: credentialsPath(roleName),
      onRequest,
      accept: (content) => parseCredentialsDocument(content.text, this.#secrets(content)),
    });
  }

  #credentials(
    roleName: string,
    { value: document, attempts }: { value: CredentialsDocument; attempts: number },
  ): RoleCredentials {
    if (document.outcome === "refused") {
      throw roleNotAssumable({ roleName, reason: document.reason }, this.#context(attempts));
    }
    const { credentials } = document;
    this.#lastSecrets = [credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken];
    return { roleName, ...credentials };
  }

  /** What a response may repeat and errors must not show. */
  #secrets({ token }: MetadataContent): string[] {
    return token === undefined ? [...this.#lastSecrets] : [token, ...this.#lastSecrets];
  }

  #context(attempts: number): RequestContext {
    return { step: "credentials", path: ROLE_LIST_PATH, attempts, endpoint: this.#reader.settings.endpoint };
  }
}
