import { createRequire } from "node:module";
import { join } from "node:path";
import type { AwsCredentialIdentityProvider } from "@aws-sdk/types";

/** A client, reduced to one operation. */
export interface Client {
  readonly middlewareStack: { use(plugin: unknown): unknown };
  call(options?: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

export type MakeClient = (config: { endpoint: string; credentials: unknown }) => Client;

/** What a version of the SDK offers to these checks. */
export interface Sdk {
  readonly s3: MakeClient;
  readonly dynamodb: MakeClient;
  readonly chain: (...providers: unknown[]) => AwsCredentialIdentityProvider;
  /** Undefined before it was there. */
  readonly fromTemporaryCredentials: ((options: object) => AwsCredentialIdentityProvider) | undefined;
}

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const COMMON = { region: "eu-central-1", maxAttempts: 1, logger: SILENT };

/** Loads the SDK that is installed in a folder. */
export function loadSdk(folder: string): Sdk {
  const load = createRequire(join(folder, "package.json"));
  const { S3Client, ListObjectsV2Command } = load("@aws-sdk/client-s3");
  const { DynamoDBClient, ListTablesCommand } = load("@aws-sdk/client-dynamodb");
  const providers = loadIfThere(load, "@aws-sdk/credential-providers");
  const properties =
    loadIfThere(load, "@aws-sdk/property-provider") ?? loadIfThere(load, "@smithy/property-provider");
  return {
    s3: (config) =>
      withCall(new S3Client({ ...COMMON, forcePathStyle: true, ...config }), () => {
        return new ListObjectsV2Command({ Bucket: "bucket" });
      }),
    dynamodb: (config) =>
      withCall(new DynamoDBClient({ ...COMMON, ...config }), () => new ListTablesCommand({})),
    chain: providers?.createCredentialChain ?? properties.chain,
    fromTemporaryCredentials: providers?.fromTemporaryCredentials,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the types of fifteen versions
function loadIfThere(load: NodeJS.Require, name: string): any {
  try {
    return load(name);
  } catch {
    return undefined;
  }
}

interface AnyClient {
  readonly middlewareStack: Client["middlewareStack"];
  send(command: unknown, options?: object): Promise<unknown>;
}

const withCall = (client: AnyClient, command: () => unknown): Client => ({
  middlewareStack: client.middlewareStack,
  call: (options) => client.send(command(), options),
});
