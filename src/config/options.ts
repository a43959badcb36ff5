import type { Logger } from "@smithy/types";
import { endpointProblem } from "./endpoint.js";
import { isRoleName } from "./role-name.js";
import type { Validators } from "./validators.js";
import {
  amount,
  checkOptions,
  flag,
  logger,
  MAX_MS,
  MAX_SECONDS,
  nonEmptyString,
  text,
  wholeNumber,
} from "./validators.js";

/**
 * How to reach the metadata service. Every option may be left out or `undefined`.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-client.html
 */
export interface InstanceMetadataOptions {
  /**
   * URL of the metadata service, `http:` or `https:`, without user info. Overrides `endpointMode`.
   * Environment `AWS_EC2_METADATA_SERVICE_ENDPOINT`, config file `ec2_metadata_service_endpoint`.
   */
  endpoint?: string | undefined;
  /**
   * Which of EC2's two addresses to use, in any case; `"IPv4"` by default.
   * Environment `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`, config file `ec2_metadata_service_endpoint_mode`.
   */
  endpointMode?: "IPv4" | "IPv6" | (string & {}) | undefined;
  /**
   * Milliseconds for one whole attempt, from connecting to the last byte; 1000 by default.
   * Environment `AWS_METADATA_SERVICE_TIMEOUT` and config file `metadata_service_timeout`, both in seconds.
   */
  timeout?: number | undefined;
  /**
   * Retries of one request after its first attempt; 3 by default. Environment `AWS_METADATA_SERVICE_NUM_ATTEMPTS`
   * and config file `metadata_service_num_attempts` give the number of attempts, which is one more.
   */
  maxRetries?: number | undefined;
  /**
   * `true` by default: IMDSv1 is never used, because it is exposed to SSRF. An explicit `false` allows falling back
   * to IMDSv1, and only if the token request is answered with 403, 404, 405, 410 or 501.
   * Environment `AWS_EC2_METADATA_V1_DISABLED`, config file `ec2_metadata_v1_disabled`.
   */
  ec2MetadataV1Disabled?: boolean | undefined;
  /** Lifetime to request for the session token, in seconds, 1 to 21600; 21600 by default. */
  tokenTtlSeconds?: number | undefined;
  /** Profile of the shared config file to read; environment `AWS_PROFILE`; `default` otherwise. */
  profile?: string | undefined;
  /** The AWS SDK's `Logger` (`console` is one); silent by default. No secret is logged. */
  logger?: Logger | undefined;
  /**
   * `true` by default: clients and providers of the process with equal settings share one session token and its
   * connections, and providers also one credentials cache. The logger does not count as a setting.
   */
  shared?: boolean | undefined;
}

/**
 * Options of {@link fromInstanceRole}. Every one may be left out or `undefined`.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
 */
export interface InstanceRoleOptions extends InstanceMetadataOptions {
  /**
   * Name of the role; without it the library asks the metadata service which role is attached.
   * Environment `AWS_EC2_INSTANCE_PROFILE_NAME`, config file `ec2_instance_profile_name`.
   */
  roleName?: string | undefined;
  /**
   * How long before their expiration the credentials are refreshed, in seconds, more than 0. By default chosen by
   * the lifetime that new credentials have left: 5 minutes for up to 20, 15 for less than 90, otherwise 60.
   */
  advisoryWindowSeconds?: number | undefined;
  /** Refresh after this many seconds even if the expiration is far off; 3600 by default. */
  maxAgeSeconds?: number | undefined;
  /**
   * On the first load, retry for this many seconds: just after boot the role can be missing or not yet assumable.
   * 0 by default.
   */
  waitForRoleSeconds?: number | undefined;
}

/** What each option must be; settings from the environment and the config file are checked with the same validators. */
export const VALIDATORS: Validators<InstanceRoleOptions> = {
  roleName: text((name) =>
    isRoleName(name) ? undefined : "must be a role's name: letters, digits and +=,.@_-",
  ),
  endpoint: text(endpointProblem),
  endpointMode: text((mode) => (/^ipv[46]$/i.test(mode) ? undefined : 'must be "IPv4" or "IPv6"')),
  timeout: amount("milliseconds", MAX_MS),
  maxRetries: wholeNumber(0, 1000),
  ec2MetadataV1Disabled: flag,
  tokenTtlSeconds: wholeNumber(1, 21600),
  advisoryWindowSeconds: amount("seconds", MAX_SECONDS),
  maxAgeSeconds: amount("seconds", MAX_SECONDS),
  waitForRoleSeconds: amount("seconds", MAX_SECONDS, 0),
  profile: nonEmptyString,
  logger,
  shared: flag,
};

/** See `checkOptions`. The options of the metadata client are among those of the provider. */
export const checkedOptions = <O extends InstanceRoleOptions>(options: O): O =>
  checkOptions(options, VALIDATORS);
