import type { InstanceMetadataOptions } from "../config/options.js";
import { checkedOptions } from "../config/options.js";
import { type MetadataSettings, resolveMetadataSettings } from "../config/settings.js";
import { traceToCaller } from "../errors/instance-metadata-error.js";
import { maxRequestMs } from "../http/retry-policy.js";
import { runOutsideAsyncContext } from "../runtime/async-context.js";
import { keepProcessAlive } from "../runtime/clock.js";
import { log } from "../runtime/log.js";
import { parseJsonObject } from "./json-object.js";
import { IDENTITY_DOCUMENT_PATH, INSTANCE_ID_PATH, PROFILE_PATH } from "./metadata-paths.js";
import type { MetadataReader, ReadRequest } from "./metadata-reader.js";
import { readRegion } from "./region.js";
import { metadataReader } from "./shared-readers.js";
import { parseWord } from "./word.js";

/**
 * The instance identity document, as EC2 writes it; more fields may be there.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
 */
export interface InstanceIdentityDocument {
  /** The AWS account that owns the instance: twelve digits. */
  readonly accountId?: string;
  /** Of the image, such as `arm64` or `x86_64`. */
  readonly architecture?: string;
  /** Such as `eu-central-1a`. */
  readonly availabilityZone?: string;
  /** The AMI that the instance was launched from. */
  readonly imageId?: string;
  /** Such as `i-0123456789abcdef0`. */
  readonly instanceId?: string;
  /** Such as `t4g.small`. */
  readonly instanceType?: string;
  /** When the instance was launched; RFC 3339. */
  readonly pendingTime?: string;
  /** The private IPv4 address. */
  readonly privateIp?: string;
  /** Such as `eu-central-1`. */
  readonly region?: string;
  /** Of the document's format, such as `2017-09-30`. */
  readonly version?: string;
  readonly [field: string]: unknown;
}

/** The attached instance profile, as EC2 describes it in `iam/info`. There are no credentials in it. */
export interface InstanceProfileInfo {
  /** `Success`, or what is wrong, such as `InstanceProfileNotFound`. */
  readonly Code?: string;
  /** What is wrong, in words; only when something is. */
  readonly Message?: string;
  /** When the profile was last updated; RFC 3339. */
  readonly LastUpdated?: string;
  /** ARN of the instance profile, which need not have the role's name. */
  readonly InstanceProfileArn?: string;
  /** Such as `AIPA…`. */
  readonly InstanceProfileId?: string;
  readonly [field: string]: unknown;
}

/**
 * A token-aware client of the EC2 instance metadata service (IMDSv2). Clients and providers with equal settings share one
 * session token; no connection is left open when no read is in flight.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export class InstanceMetadataClient {
  readonly #options: InstanceMetadataOptions;
  #reader: MetadataReader | undefined;
  #resolving: Promise<MetadataReader> | undefined;

  /**
   * Reads nothing yet: environment and config file are read on the first call.
   *
   * @throws TypeError or RangeError that names the option, for an option that is not valid.
   */
  constructor(options: InstanceMetadataOptions = {}) {
    this.#options = checkedOptions(options);
  }

  /**
   * Reads one path, given in full (`/latest/meta-data/instance-id`), and resolves to its text, up to 1 MiB. It may be
   * empty, as a tag's value may.
   *
   * @param path begins with a slash
   * @param options `signal` ends the request when it is aborted
   * @throws InstanceMetadataError `NOT_FOUND` if there is no such path, `ABORTED` for the signal, and every other code of
   * a request; TypeError for a path or a signal that is not valid.
   */
  async get(path: string, options: { signal?: AbortSignal | undefined } = {}): Promise<string> {
    return await this.#read(checkedPath(path), ({ text }) => text, checkedSignal(options));
  }

  /**
   * As `get`, for content that is not text, such as compressed user data (`/latest/user-data`). Resolves to the bytes as
   * they came, up to 1 MiB.
   */
  async getBytes(path: string, options: { signal?: AbortSignal | undefined } = {}): Promise<Uint8Array> {
    return await this.#read(checkedPath(path), ({ bytes }) => new Uint8Array(bytes), checkedSignal(options));
  }

  /** The instance identity document, parsed. Errors as `get`, and `INVALID_RESPONSE` if it is no JSON object. */
  async identityDocument(): Promise<InstanceIdentityDocument> {
    return await this.#read(IDENTITY_DOCUMENT_PATH, ({ text }) => parseJsonObject(text));
  }

  /**
   * What metadata has about the instance profile, parsed. `NOT_FOUND` if none is attached, otherwise errors as
   * `identityDocument`.
   */
  async iamInfo(): Promise<InstanceProfileInfo> {
    return await this.#read(PROFILE_PATH, ({ text }) => parseJsonObject(text));
  }

  /**
   * The Region that the instance runs in, such as `eu-central-1`: from `placement/region`, or the identity document where
   * the service has no such path. Errors as `get`, and `INVALID_RESPONSE`.
   */
  async region(): Promise<string> {
    return await this.#withReader("the Region", readRegion);
  }

  /** The instance's id, such as `i-0123456789abcdef0`. Errors as `get`, and `INVALID_RESPONSE`. */
  async instanceId(): Promise<string> {
    return await this.#read(INSTANCE_ID_PATH, ({ text }) => parseWord(text));
  }

  async #read<T>(path: string, accept: ReadRequest<T>["accept"], signal?: AbortSignal): Promise<T> {
    return await this.#withReader(path, (reader) => reader.read({ step: "metadata", path, accept, signal }));
  }

  async #withReader<T>(what: string, work: (reader: MetadataReader) => Promise<T>): Promise<T> {
    let release: (() => void) | undefined;
    try {
      const reader = await this.#currentReader();
      release = keepProcessAlive(maxReadMs(reader.settings));
      const value = await work(reader);
      this.#debug(`read ${what}`);
      return value;
    } catch (error) {
      traceToCaller(error);
      this.#debug(`could not read ${what}: ${error instanceof Error ? error.message : "unknown error"}`);
      throw error;
    } finally {
      release?.();
    }
  }

  async #currentReader(): Promise<MetadataReader> {
    if (this.#reader && !this.#reader.disposed) return this.#reader;
    this.#resolving ??= runOutsideAsyncContext(() => this.#resolve());
    this.#reader = await this.#resolving;
    return this.#reader;
  }

  async #resolve(): Promise<MetadataReader> {
    try {
      const settings = await resolveMetadataSettings(this.#options);
      return metadataReader(settings, this.#options.shared !== false);
    } finally {
      this.#resolving = undefined;
    }
  }

  #debug(line: string): void {
    log(this.#options.logger, "debug", `ec2-role-credentials: ${line}`);
  }
}

/** A token, two paths (for the Region), and a new token and the path again. */
const maxReadMs = (settings: MetadataSettings): number => 5 * maxRequestMs(settings);

function checkedPath(path: string): string {
  if (typeof path === "string" && /^\/[\x21-\x7e]*$/.test(path)) return path;
  throw new TypeError(
    "path must begin with a slash and have no spaces, such as /latest/meta-data/instance-id",
  );
}

/** By its methods: a test environment may have an `AbortSignal` of its own. */
function checkedSignal(options: { signal?: AbortSignal | undefined }): AbortSignal | undefined {
  if (typeof options !== "object" || options === null) throw new TypeError("options must be an object");
  const signal = options.signal ?? undefined;
  if (signal === undefined || typeof signal.addEventListener === "function") return signal;
  throw new TypeError("signal must be an AbortSignal");
}
