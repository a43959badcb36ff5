import type { MetadataSettings } from "../../config/settings.js";
import { InstanceMetadataError } from "../../errors/instance-metadata-error.js";
import { RequestFailure } from "../../errors/request-failure.js";
import type { MetadataAnswer } from "../../http/http-exchange.js";
import { HttpExchange } from "../../http/http-exchange.js";
import { requestWithRetries } from "../../http/request-with-retries.js";
import type { Authorization } from "../../imds/session-token.js";
import { SessionToken } from "../../imds/session-token.js";
import { asError } from "./findings.js";

const MOST_BYTES = 64 * 1024;

/** How one read without a token was answered. */
export interface TokenlessAnswer {
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  /** Empty unless the status is 200. */
  readonly body: string;
}

/** Asks the metadata service step by step, so that the doctor sees each answer's headers and statuses. */
export class MetadataProbe {
  readonly #settings: MetadataSettings;
  readonly #exchange: HttpExchange;
  readonly #token: SessionToken;

  constructor(settings: MetadataSettings) {
    this.#settings = settings;
    this.#exchange = new HttpExchange(settings.endpoint, settings.timeoutMs);
    this.#token = new SessionToken(this.#exchange, settings);
  }

  /** Why no token is handed out, where the settings allow IMDSv1 instead; undefined when one is. Rejects when they do not. */
  async tokenRefusal(): Promise<InstanceMetadataError | undefined> {
    if ((await this.#token.get()) !== "none") return undefined;
    // The library asks no further; the reason is in the error that it spares its callers.
    const strict = new SessionToken(this.#exchange, { ...this.#settings, imdsV1: "refused" });
    return strict.get().then(() => undefined, asError);
  }

  /** Reads with the token, and once more with a new one if it is refused. Rejects with an `InstanceMetadataError`. */
  async read(path: string): Promise<MetadataAnswer> {
    const authorization = await this.#token.get();
    try {
      return await this.#get(path, authorization);
    } catch (error) {
      if (!(error instanceof InstanceMetadataError) || error.code !== "UNAUTHORIZED") throw error;
    }
    this.#token.reject(authorization);
    return this.#get(path, await this.#token.get());
  }

  #get(path: string, authorization: Authorization): Promise<MetadataAnswer> {
    const headers: Record<string, string> =
      authorization === "none" ? {} : { "x-aws-ec2-metadata-token": authorization.token };
    return requestWithRetries(
      this.#exchange,
      { method: "GET", path, headers, maxBytes: MOST_BYTES },
      { step: "metadata", settings: this.#settings, accept: (answer) => answer },
    );
  }

  /** One read without a token. */
  async readWithoutToken(path: string): Promise<TokenlessAnswer> {
    try {
      const { body } = await this.#exchange.send({ method: "GET", path, headers: {}, maxBytes: MOST_BYTES });
      return { status: 200, body };
    } catch (error) {
      if (error instanceof RequestFailure) return { status: error.statusCode, body: "" };
      throw error;
    }
  }
}
