import { subscribe } from "node:diagnostics_channel";
import { S3Client } from "@aws-sdk/client-s3";
import { createCredentialChain } from "@aws-sdk/credential-providers";
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider, Logger } from "@aws-sdk/types";
import { expectTypeOf, test } from "vitest";
import type {
  InstanceIdentityDocument,
  InstanceMetadataErrorCode,
  InstanceMetadataOptions,
  InstanceMetadataStep,
  InstanceProfileInfo,
  InstanceRoleOptions,
  InstanceRoleProvider,
  RefreshError,
  RefreshEvent,
  RefreshKind,
  RefreshStatus,
} from "../../../src/index.js";
import {
  expiredTokenPlugin,
  fromInstanceRole,
  InstanceMetadataClient,
  InstanceMetadataError,
  instanceRegion,
  REFRESH_CHANNEL,
} from "../../../src/index.js";
import type { MockImds, MockImdsOptions, MockListener, MockStep } from "../../../src/testing/index.js";
import { clearSharedCredentials, createMockImds } from "../../../src/testing/index.js";

// Nothing of this runs at length: the compiler checks it, here against the sources and, in
// typescript-consumers.test.ts, against the declarations of the packed package.

test("a provider is one of the SDK's, with more on it", () => {
  expectTypeOf(fromInstanceRole).parameters.toEqualTypeOf<[options?: InstanceRoleOptions | undefined]>();
  expectTypeOf(fromInstanceRole).returns.toEqualTypeOf<InstanceRoleProvider>();
  expectTypeOf<InstanceRoleProvider>().toExtend<AwsCredentialIdentityProvider>();
  expectTypeOf<InstanceRoleProvider>().toBeCallableWith({ forceRefresh: true });
  expectTypeOf<InstanceRoleProvider>().returns.resolves.toEqualTypeOf<AwsCredentialIdentity>();
  expectTypeOf<InstanceRoleProvider["memoized"]>().toEqualTypeOf<boolean>();
  expectTypeOf<InstanceRoleProvider["invalidate"]>().toEqualTypeOf<(accessKeyId: string) => void>();
  expectTypeOf<InstanceRoleProvider["close"]>().toEqualTypeOf<() => void>();
  expectTypeOf<InstanceRoleProvider>().toExtend<Disposable>();
});

test("the status has dates and names, or undefined", () => {
  expectTypeOf<ReturnType<InstanceRoleProvider["status"]>>().toEqualTypeOf<RefreshStatus>();
  expectTypeOf<RefreshStatus>().toEqualTypeOf<{
    readonly roleName: string | undefined;
    readonly expiration: Date | undefined;
    readonly nextRefresh: Date | undefined;
    readonly lastRefresh: Date | undefined;
    readonly stale: boolean;
    readonly lastError: RefreshError | undefined;
  }>();
});

test("every option may be left out or undefined", () => {
  expectTypeOf<Record<string, never>>().toExtend<InstanceRoleOptions>();
  expectTypeOf<{ [K in keyof InstanceRoleOptions]-?: undefined }>().toExtend<InstanceRoleOptions>();
  expectTypeOf<InstanceRoleOptions>().toExtend<InstanceMetadataOptions>();
  expectTypeOf<InstanceRoleOptions>().toHaveProperty("timeout").toEqualTypeOf<number | undefined>();
  expectTypeOf<InstanceRoleOptions>().toHaveProperty("logger").toEqualTypeOf<Logger | undefined>();
  expectTypeOf<"roleName" | "shared" | "maxAgeSeconds">().toExtend<keyof InstanceRoleOptions>();
  expectTypeOf<"roleName">().not.toExtend<keyof InstanceMetadataOptions>();
});

test("a client, a chain and a plugin of the SDK take what the library gives", () => {
  expectTypeOf(expiredTokenPlugin).parameters.toEqualTypeOf<[provider: InstanceRoleProvider]>();
  expectTypeOf(instanceRegion).returns.toEqualTypeOf<() => Promise<string>>();
  const provider = fromInstanceRole();
  const client = new S3Client({ region: instanceRegion(), credentials: provider, maxAttempts: 1 });
  client.middlewareStack.use(expiredTokenPlugin(provider));
  createCredentialChain(provider);
  client.destroy();
});

test("an error's code and step are closed unions", () => {
  expectTypeOf<InstanceMetadataError>().toExtend<Error>();
  expectTypeOf<InstanceMetadataError["code"]>().toEqualTypeOf<InstanceMetadataErrorCode>();
  expectTypeOf<InstanceMetadataErrorCode>().toEqualTypeOf<
    | "IMDS_DISABLED"
    | "IMDS_UNREACHABLE"
    | "IMDS_TIMEOUT"
    | "IMDS_FORBIDDEN"
    | "TOKEN_REJECTED"
    | "TOKEN_UNSUPPORTED"
    | "UNAUTHORIZED"
    | "NO_ROLE_ATTACHED"
    | "ROLE_NOT_ASSUMABLE"
    | "THROTTLED"
    | "SERVER_ERROR"
    | "INVALID_RESPONSE"
    | "NOT_FOUND"
    | "INVALID_CONFIGURATION"
    | "ABORTED"
  >();
  expectTypeOf<InstanceMetadataError["step"]>().toEqualTypeOf<InstanceMetadataStep>();
  expectTypeOf<InstanceMetadataStep>().toEqualTypeOf<"token" | "role" | "credentials" | "metadata">();
  expectTypeOf<InstanceMetadataError["tryNextLink"]>().toEqualTypeOf<boolean>();
  expectTypeOf<InstanceMetadataError["attempts"]>().toEqualTypeOf<number>();
  const narrowed = (error: unknown) => (error instanceof InstanceMetadataError ? error.code : undefined);
  expectTypeOf(narrowed).returns.toEqualTypeOf<InstanceMetadataErrorCode | undefined>();
});

test("the metadata client answers with text and documents", () => {
  expectTypeOf(InstanceMetadataClient).constructorParameters.toEqualTypeOf<
    [options?: InstanceMetadataOptions | undefined]
  >();
  expectTypeOf<InstanceMetadataClient>().toHaveProperty("get").returns.resolves.toEqualTypeOf<string>();
  expectTypeOf<
    InstanceMetadataClient["identityDocument"]
  >().returns.resolves.toEqualTypeOf<InstanceIdentityDocument>();
  expectTypeOf<InstanceMetadataClient["iamInfo"]>().returns.resolves.toEqualTypeOf<InstanceProfileInfo>();
  expectTypeOf<InstanceMetadataClient["region"]>().returns.resolves.toEqualTypeOf<string>();
  expectTypeOf<InstanceMetadataClient["instanceId"]>().returns.resolves.toEqualTypeOf<string>();
});

test("refresh events are typed by the channel's name", () => {
  expectTypeOf<typeof REFRESH_CHANNEL>().toEqualTypeOf<"ec2-role-credentials:refresh">();
  expectTypeOf<RefreshEvent["kind"]>().toEqualTypeOf<RefreshKind>();
  expectTypeOf<RefreshKind>().toEqualTypeOf<"initial" | "advisory" | "maxAge" | "mandatory" | "forced">();
  expectTypeOf<RefreshEvent["outcome"]>().toEqualTypeOf<"new" | "unchanged" | "expired" | "failed">();
  expectTypeOf<RefreshEvent["code"]>().toEqualTypeOf<InstanceMetadataErrorCode | undefined>();
  subscribe(REFRESH_CHANNEL, (event) => {
    void ({} as RefreshEvent satisfies typeof event);
  });
});

test("the mocked IMDS is typed", () => {
  expectTypeOf(createMockImds).parameters.toEqualTypeOf<[options?: MockImdsOptions | undefined]>();
  expectTypeOf(createMockImds).returns.toEqualTypeOf<MockImds>();
  expectTypeOf(clearSharedCredentials).toEqualTypeOf<() => void>();
  expectTypeOf<MockImds["credentials"]>().toEqualTypeOf<AwsCredentialIdentity | undefined>();
  expectTypeOf<MockImds["listen"]>().returns.resolves.toEqualTypeOf<MockListener>();
  expectTypeOf<MockListener>().toExtend<AsyncDisposable>();
  expectTypeOf<MockStep>().toEqualTypeOf<"token" | "role" | "credentials" | "metadata" | "other">();
  expectTypeOf<MockImdsOptions["roleName"]>().toEqualTypeOf<string | null | undefined>();
});
