import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { run } from "../../support/child-process.js";
import { consumerProject } from "../../support/packed-package.js";

const CONSUMER = `
import { S3Client } from "@aws-sdk/client-s3";
import type { AwsCredentialIdentityProvider } from "@aws-sdk/types";
import type { InstanceMetadataErrorCode, InstanceRoleOptions, InstanceRoleProvider } from "ec2-role-credentials";
import {
  expiredTokenPlugin,
  fromInstanceRole,
  InstanceMetadataClient,
  InstanceMetadataError,
  instanceRegion,
} from "ec2-role-credentials";
import type { MockImds } from "ec2-role-credentials/testing";
import { createMockImds } from "ec2-role-credentials/testing";

const options: InstanceRoleOptions = { timeout: 500, maxRetries: 1, logger: console };
const provider: InstanceRoleProvider = fromInstanceRole(options);
const asTheSdkSeesIt: AwsCredentialIdentityProvider = provider;
const s3 = new S3Client({ region: instanceRegion(), credentials: asTheSdkSeesIt });
s3.middlewareStack.use(expiredTokenPlugin(provider));

export const expiration: Date | undefined = provider.status().expiration;
export const id: Promise<string> = new InstanceMetadataClient().instanceId();
export const codeOf = (error: unknown): InstanceMetadataErrorCode | undefined =>
  error instanceof InstanceMetadataError ? error.code : undefined;
export const imds: MockImds = createMockImds({ roleName: null });
imds.fail({ on: "token", status: 503, times: 2 });

// @ts-expect-error a number is wanted
fromInstanceRole({ timeout: "500" });
{
  using scoped = fromInstanceRole();
  void scoped();
}
`;

const COMPILER_OPTIONS = {
  target: "es2022",
  lib: ["es2022", "dom", "esnext.disposable"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
};

const RESOLUTIONS = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};

const compilers = inject("typescripts");
/** The library's own declarations and those that they lead to are checked too: with the oldest and the newest. */
const strictest = [compilers[0], compilers.at(-1)].flatMap((compiler) => compiler ?? []);

/** One project for all: compilers only read. */
let project: Promise<string> | undefined;

async function errorsOf(path: string, name: string, options: object): Promise<string> {
  project ??= consumerProject(["@aws-sdk/client-s3", "@types/node", "msw"]);
  const directory = await project;
  await writeFile(join(directory, `${name}.mts`), CONSUMER);
  const config = { compilerOptions: { ...COMPILER_OPTIONS, ...options }, files: [`${name}.mts`] };
  await writeFile(join(directory, `${name}.json`), JSON.stringify(config));
  const tsc = await run(process.execPath, [join(path, "bin/tsc"), "-p", `${name}.json`], { cwd: directory });
  return tsc.stdout;
}

test.for(compilers)("TypeScript $version takes the types", async ({ path, version }) => {
  const options = { ...RESOLUTIONS.nodenext, skipLibCheck: true };
  expect(await errorsOf(path, `${version}-nodenext`, options)).toBe("");
});

test.for(strictest)("TypeScript $version takes the types for a bundler", async ({ path, version }) => {
  const options = { ...RESOLUTIONS.bundler, skipLibCheck: true };
  expect(await errorsOf(path, `${version}-bundler`, options)).toBe("");
});

test.for(strictest)("TypeScript $version takes them without skipLibCheck", async ({ path, version }) => {
  const options = { ...RESOLUTIONS.nodenext, skipLibCheck: false };
  expect(await errorsOf(path, `${version}-strictest`, options)).toBe("");
});
