import { existsSync } from "node:fs";

/** Why a client of Debian's cannot run; undefined if it can. */
export const lacks =
  (file: string, debianPackage: string): (() => string | undefined) =>
  () =>
    existsSync(file)
      ? undefined
      : `${file} is not there: test/system/interop/install-debian-clients.sh installs ${debianPackage}`;

/** A busy machine may take longer than the second that is their default. */
export const LONG_TIMEOUT = { AWS_METADATA_SERVICE_TIMEOUT: "20" };
