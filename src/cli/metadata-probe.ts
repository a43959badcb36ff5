import type { MetadataAnswer } from "../http-exchange.js";
import { HttpExchange } from "../http-exchange.js";
import { requestWithRetries } from "../metadata-request.js";
import { RequestFailure } from "../request-failure.js";
import type { Authorization } from "../session-token.js";
import { SessionToken } from "../session-token.js";
import type { MetadataSettings } from "../settings.js";

const MOST_BYTES = 64 * 1024;

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

  token(): Promise<Authorization> {
    return this.#token.get();
  }

  /** Reads with the token. Rejects with an `InstanceMetadataError`. */
  async read(path: string): Promise<MetadataAnswer> {
    const authorization = await this.#token.get();
    const headers: Record<string, string> =
      authorization === "none" ? {} : { "x-aws-ec2-metadata-token": authorization.token };
    return requestWithRetries(
      this.#exchange,
      { method: "GET", path, headers, maxBytes: MOST_BYTES },
      { phase: "metadata", settings: this.#settings, accept: (answer) => answer },
    );
  }

  /** The status of one read without a token; undefined when there was no answer. */
  async statusWithoutToken(path: string): Promise<number | undefined> {
    try {
      await this.#exchange.send({ method: "GET", path, headers: {}, maxBytes: MOST_BYTES });
      return 200;
    } catch (error) {
      if (error instanceof RequestFailure) return error.statusCode;
      throw error;
    }
  }
}
