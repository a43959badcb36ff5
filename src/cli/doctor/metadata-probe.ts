import type { MetadataSettings } from "../../config/settings.js";
import type { InstanceMetadataError } from "../../errors/instance-metadata-error.js";
import { MetadataReader } from "../../imds/metadata-reader.js";

/** How one read without a token was answered. */
export interface TokenlessAnswer {
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  /** Empty unless the status is 200. */
  readonly body: string;
}

/** Asks the metadata service step by step, so that the doctor sees each answer's headers and statuses. */
export class MetadataProbe {
  readonly #reader: MetadataReader;

  constructor(settings: MetadataSettings) {
    this.#reader = new MetadataReader(settings);
  }

  /** Why no token is issued, where the settings allow IMDSv1 instead; undefined when one is. Rejects when they do not. */
  tokenRefusal(): Promise<InstanceMetadataError | undefined> {
    return this.#reader.tokenRefusal();
  }

  /** Reads with the token, and once more with a new one if it is refused. Rejects with an `InstanceMetadataError`. */
  read(path: string): Promise<{ headers: Readonly<Record<string, string>>; body: string }> {
    return this.#reader.read({
      step: "metadata",
      path,
      accept: ({ headers, text }) => ({ headers, body: text }),
    });
  }

  /** One read without a token. */
  async readWithoutToken(path: string): Promise<TokenlessAnswer> {
    const { status, text } = await this.#reader.readWithoutToken(path);
    return { status, body: text };
  }
}
