import { S3Client } from "@aws-sdk/client-s3";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@smithy/types";
import { inject, onTestFinished } from "vitest";
import { fromInstanceRole, type InstanceRoleOptions, type InstanceRoleProvider } from "../../../src/index.js";
import { createMockImds, type MockImds } from "../../../src/testing/index.js";
import type { GatewayAccess } from "./ceph-gateway.js";

/** The shortest that AWS allows, and the gateway. */
const MIN_SESSION_SECONDS = 900;
const REGION = "us-east-1";

/** An instance whose role has real credentials of a real gateway. */
export interface Instance {
  readonly imds: MockImds;
  readonly access: GatewayAccess;
  /** New temporary credentials of the instance's role, as the gateway's STS makes them. */
  assumeRole(): Promise<AwsCredentialIdentity>;
  /** The SDK's provider of a role that is assumed with the instance's credentials. */
  reportingRole(masterCredentials: InstanceRoleProvider): AwsCredentialIdentityProvider;
  /** Serves new credentials from now on. */
  rotate(): Promise<AwsCredentialIdentity>;
  provider(options?: InstanceRoleOptions): InstanceRoleProvider;
}

export async function startInstance(): Promise<Instance> {
  const access = inject("gateway");
  const { endpoint, roleArn, assumedRoleArn, accessKeyId, secretAccessKey } = access;
  const temporary = (
    masterCredentials: AwsCredentialIdentity | InstanceRoleProvider,
    RoleArn: string,
    RoleSessionName: string,
  ) =>
    fromTemporaryCredentials({
      masterCredentials,
      params: { RoleArn, RoleSessionName, DurationSeconds: MIN_SESSION_SECONDS },
      clientConfig: { endpoint, region: REGION, maxAttempts: 1 },
    });
  const assumeRole = temporary({ accessKeyId, secretAccessKey }, roleArn, "e2e");
  const imds = createMockImds();
  const rotate = async () => imds.rotate(await assumeRole());
  await rotate();
  const listener = await imds.listen();
  onTestFinished(() => listener.close());
  const provider = (options: InstanceRoleOptions = {}) => {
    const made = fromInstanceRole({ endpoint: listener.endpoint, ...options });
    onTestFinished(() => made.close());
    return made;
  };
  const reportingRole = (masterCredentials: InstanceRoleProvider) =>
    temporary(masterCredentials, assumedRoleArn, "reporting");
  return { imds, access, assumeRole: () => assumeRole(), reportingRole, rotate, provider };
}

/** An S3 client of the gateway. `signers` are the key ids that signed its requests, in order, by command. */
export function s3Client(
  { endpoint }: GatewayAccess,
  credentials: AwsCredentialIdentity | AwsCredentialIdentityProvider,
): { readonly s3: S3Client; readonly signers: { readonly command: string; readonly keyId: string }[] } {
  const s3 = new S3Client({
    endpoint,
    credentials,
    region: REGION,
    forcePathStyle: true,
    maxAttempts: 1,
    // This gateway is older than the checksums that are sent by default today.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  onTestFinished(() => s3.destroy());
  const signers: { command: string; keyId: string }[] = [];
  s3.middlewareStack.add(
    (next, { commandName = "" }) =>
      (args) => {
        signers.push({ command: commandName, keyId: signerOf(args.request) });
        return next(args);
      },
    // After signing, which is a step earlier.
    { step: "deserialize" },
  );
  return { s3, signers };
}

function signerOf(request: unknown): string {
  const { headers } = request as { headers: Record<string, string> };
  const [, keyId = "unsigned"] = /Credential=([^/]+)\//.exec(headers.authorization ?? "") ?? [];
  return keyId;
}
