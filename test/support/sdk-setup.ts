import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { S3Client } from "@aws-sdk/client-s3";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { onTestFinished } from "vitest";
import type { InstanceRoleOptions, InstanceRoleProvider } from "../../src/index.js";
import { fromInstanceRole } from "../../src/index.js";
import type { MockImds, MockImdsOptions, MockStep } from "../../src/testing/index.js";
import { clearSharedCredentials, createMockImds } from "../../src/testing/index.js";
import { S3Endpoint } from "./s3-endpoint.js";

/** An instance and an S3 that accepts its credentials, both on loopback until the test is over. */
export interface SdkSetup {
  readonly imds: MockImds;
  /** Of IMDS. */
  readonly endpoint: string;
  readonly s3: S3Endpoint;
  readonly s3Url: string;
  provider(options?: InstanceRoleOptions): InstanceRoleProvider;
  client(config: S3ClientConfig): S3Client;
  /** The credentials served now. */
  current(): AwsCredentialIdentity;
  /** Serves new credentials, which S3 accepts too. */
  rotate(): AwsCredentialIdentity;
  /** Every metadata request since the last time that this was asked, by its step. */
  newSteps(): MockStep[];
}

/** Long enough for any good answer on a busy machine. */
const PATIENT_MS = 20_000;

/** The SDK's own default writes on the terminal. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export async function sdkSetup(options?: MockImdsOptions): Promise<SdkSetup> {
  // Another test may have had a mock on the same port.
  clearSharedCredentials();
  const imds = createMockImds(options);
  const listener = await imds.listen();
  const s3 = new S3Endpoint();
  const s3Url = await s3.listen();
  onTestFinished(async () => {
    await Promise.all([listener.close(), s3.close()]);
  });
  let seen = 0;
  const current = () => {
    if (!imds.credentials) throw new Error("no role is attached");
    return imds.credentials;
  };
  s3.accept(current());
  return {
    imds,
    endpoint: listener.endpoint,
    s3,
    s3Url,
    current,
    provider(more) {
      const provider = fromInstanceRole({ endpoint: listener.endpoint, timeout: PATIENT_MS, ...more });
      onTestFinished(() => provider.close());
      return provider;
    },
    client(config) {
      const client = new S3Client({
        endpoint: s3Url,
        forcePathStyle: true,
        region: "eu-central-1",
        maxAttempts: 1,
        logger: SILENT,
        ...config,
      });
      onTestFinished(() => client.destroy());
      return client;
    },
    rotate() {
      const credentials = imds.rotate();
      s3.accept(credentials);
      return credentials;
    },
    newSteps() {
      const steps = imds.requests.slice(seen).map(({ step }) => step);
      seen = imds.requests.length;
      return steps;
    },
  };
}
