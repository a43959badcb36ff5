import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type InteropClient, TRY_BARE, WHOLE_WAY } from "./interop-client.js";

/** By their whole path: what else has their names on somebody's PATH is not Debian's. */
const AWS = "/usr/bin/aws";
const PYTHON = "/usr/bin/python3";
const RCLONE = "/usr/bin/rclone";

const lacks = (file: string, debianPackage: string) => () =>
  existsSync(file)
    ? undefined
    : `${file} is not there: test/system/interop/install-debian-clients.sh installs ${debianPackage}`;

/** A loaded machine may take longer than the second that is their default. */
const PATIENCE = { AWS_METADATA_SERVICE_TIMEOUT: "20" };

export const DEBIAN_CLIENTS: readonly InteropClient[] = [
  {
    name: "awscli",
    kind: "command",
    program: ({ s3 }) => [AWS, "--endpoint-url", s3, "s3api", "list-objects-v2", "--bucket", "bucket"],
    // Version 2 joins the paths to what it is given without a slash of its own.
    environment: ({ imds }) => ({
      ...PATIENCE,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds}/`,
      AWS_REGION: "eu-central-1",
      AWS_MAX_ATTEMPTS: "1",
    }),
    finds: "by setting",
    missing: lacks(AWS, "awscli"),
    first: WHOLE_WAY,
    // Each run is a process of its own.
    rotated: WHOLE_WAY,
    refused: TRY_BARE,
    // 253: "the system environment or configuration was invalid", says its guide on return codes.
    saysRefused: /^ended with 253\b.*Unable to locate credentials/s,
  },
  {
    name: "python3-boto3",
    kind: "conversation",
    program: () => [PYTHON, fileURLToPath(new URL("./programs/boto3_session.py", import.meta.url))],
    environment: ({ imds }) => ({ ...PATIENCE, AWS_EC2_METADATA_SERVICE_ENDPOINT: imds }),
    finds: "by setting",
    missing: lacks("/usr/lib/python3/dist-packages/boto3", "python3-boto3"),
    first: WHOLE_WAY,
    // The same session refreshes what it holds, from the beginning.
    rotated: WHOLE_WAY,
    refused: TRY_BARE,
    saysRefused: /^NoCredentialsError: Unable to locate credentials$/,
  },
  {
    name: "rclone",
    kind: "command",
    program: () => [RCLONE, "--retries", "1", "--low-level-retries", "1", "lsf", "remote:bucket"],
    environment: ({ imds, s3 }) => ({
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds,
      RCLONE_CONFIG: "",
      RCLONE_CONFIG_REMOTE_TYPE: "s3",
      RCLONE_CONFIG_REMOTE_PROVIDER: "Other",
      RCLONE_CONFIG_REMOTE_ENV_AUTH: "true",
      RCLONE_CONFIG_REMOTE_ENDPOINT: s3,
      RCLONE_CONFIG_REMOTE_REGION: "eu-central-1",
      RCLONE_CONFIG_REMOTE_LIST_VERSION: "2",
      RCLONE_CONFIG_REMOTE_FORCE_PATH_STYLE: "true",
    }),
    finds: "by setting",
    missing: lacks(RCLONE, "rclone"),
    first: WHOLE_WAY,
    rotated: WHOLE_WAY,
    refused: TRY_BARE,
    saysRefused: /NoCredentialProviders/,
  },
];
