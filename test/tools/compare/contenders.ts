import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import type { AwsCredentialIdentityProvider, Logger } from "@smithy/types";
import { fromInstanceRole } from "../../../src/index.js";

/** What both providers call alike. */
export interface ContenderOptions {
  readonly timeout?: number;
  readonly maxRetries?: number;
}

/** One of the two that are compared. */
export interface Contender {
  readonly name: string;
  provider(options?: ContenderOptions): AwsCredentialIdentityProvider;
}

const SILENT: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** The SDK's own provider, as `@aws-sdk/credential-providers` and the default chain use it. */
const SDK: Contender = {
  name: "fromInstanceMetadata",
  provider: (options) => fromInstanceMetadata({ logger: SILENT, ...options }),
};

const THIS_LIBRARY: Contender = {
  name: "fromInstanceRole",
  provider: (options) => fromInstanceRole(options),
};

export const CONTENDERS: readonly Contender[] = [SDK, THIS_LIBRARY];
