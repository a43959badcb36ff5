import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { installOutside } from "../../support/installed-outside.js";

/** Of client-s3: the first, the newest, and three whose credential chains and caches differ. */
const CLIENT_S3_VERSIONS = ["3.0.0", "3.300.0", "3.623.0", "3.772.0", "latest"] as const;

const alias = (version: string): string => `client-s3-${version}`;

declare module "vitest" {
  export interface ProvidedContext {
    /** The directory of each version of client-s3. */
    clientS3: readonly { readonly version: string; readonly directory: string }[];
    /** The directories of the AWS SDK v2 and of the package that makes its own client. */
    otherClients: { readonly sdkV2: string; readonly tusStore: string };
  }
}

/** Installs what is not there yet. */
export default function setup({ provide }: TestProject): void {
  const home = installOutside(
    "served-client-s3",
    CLIENT_S3_VERSIONS.map((version) => `${alias(version)}@npm:@aws-sdk/client-s3@${version}`),
  );
  const inHome = (name: string): string => join(home, "node_modules", name);
  provide(
    "clientS3",
    CLIENT_S3_VERSIONS.map((version) => ({ version, directory: inHome(alias(version)) })),
  );
  const others = join(installOutside("served-others", ["aws-sdk@2", "@tus/s3-store@2"]), "node_modules");
  provide("otherClients", { sdkV2: join(others, "aws-sdk"), tusStore: join(others, "@tus/s3-store") });
}
