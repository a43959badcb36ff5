import { LONG_TIMEOUT, lacks } from "./debian.js";
import {
  DOCUMENT,
  getWithoutToken,
  getWithToken,
  IMDSV1_FALLBACK,
  type InteropClient,
  putToken,
  ROLE_LIST,
  TOKEN_LIST_DOCUMENT,
} from "./interop-client.js";

/** By their whole path: programs of the same name elsewhere on the PATH are not Debian's. */
const AWS = "/usr/bin/aws";
const RCLONE = "/usr/bin/rclone";
const RESTIC = "/usr/bin/restic";
const S3CMD = "/usr/bin/s3cmd";
const PGBACKREST = "/usr/bin/pgbackrest";
const GDALINFO = "/usr/bin/gdalinfo";

const hostOf = (url: string): string => new URL(url).host;

/** Programs that make S3 requests with the role's credentials. */
export const DEBIAN_COMMANDS: readonly InteropClient[] = [
  {
    name: "awscli",
    kind: "command",
    program: ({ s3 }) => [AWS, "--endpoint-url", s3, "s3api", "list-objects-v2", "--bucket", "bucket"],
    // Version 2 joins the paths to what it is given without a slash of its own.
    environment: ({ imds }) => ({
      ...LONG_TIMEOUT,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds}/`,
      AWS_REGION: "eu-central-1",
      AWS_MAX_ATTEMPTS: "1",
    }),
    finds: "by setting",
    missing: lacks(AWS, "awscli"),
    first: TOKEN_LIST_DOCUMENT,
    // Each run is a process of its own.
    rotated: TOKEN_LIST_DOCUMENT,
    refused: IMDSV1_FALLBACK,
    // 253: "the system environment or configuration was invalid", says its guide on return codes.
    failureMessage: /^ended with 253\b.*Unable to locate credentials/s,
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
    first: TOKEN_LIST_DOCUMENT,
    rotated: TOKEN_LIST_DOCUMENT,
    refused: IMDSV1_FALLBACK,
    failureMessage: /NoCredentialProviders/,
  },
  {
    name: "restic",
    kind: "command",
    // A repository of its own for each run.
    program: ({ s3 }) => ["sh", "-c", `exec ${RESTIC} --repo s3:${s3}/bucket/$$ init`],
    environment: () => ({ RESTIC_PASSWORD: "of the repository", AWS_DEFAULT_REGION: "eu-central-1" }),
    finds: "at EC2's address",
    missing: lacks(RESTIC, "restic"),
    first: TOKEN_LIST_DOCUMENT,
    rotated: TOKEN_LIST_DOCUMENT,
    // It knows no other way; its requests to S3 are anonymous then.
    repeats: true,
    refused: [putToken(21600, 403)],
    failureMessage: /Access Denied/,
  },
  {
    name: "s3cmd",
    kind: "command",
    program: ({ s3 }) => [
      S3CMD,
      ...["--config=/dev/null", "--no-ssl", `--host=${hostOf(s3)}`],
      ...[`--host-bucket=${hostOf(s3)}`, "--region=eu-central-1", "ls", "s3://bucket"],
    ],
    environment: () => ({}),
    finds: "at EC2's address",
    missing: lacks(S3CMD, "s3cmd"),
    first: [putToken(60), getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    rotated: [putToken(60), getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    refused: [putToken(60, 403), getWithoutToken(ROLE_LIST)],
    // 78: the configuration file is missing, which is where it looks next.
    failureMessage: /^ended with 78\b.*Configuration file not available/s,
  },
  {
    name: "gdal",
    kind: "command",
    program: () => [GDALINFO, "/vsis3/bucket/no-such-image.tif"],
    ignoresStatus: true,
    environment: ({ imds, s3 }) => ({
      AWS_S3_ENDPOINT: hostOf(s3),
      AWS_HTTPS: "NO",
      AWS_VIRTUAL_HOSTING: "FALSE",
      AWS_REGION: "eu-central-1",
      CPL_AWS_AUTODETECT_EC2: "NO",
      CPL_AWS_EC2_API_ROOT_URL: imds,
      GDAL_DISABLE_READDIR_ON_OPEN: "EMPTY_DIR",
    }),
    finds: "by setting",
    missing: lacks(GDALINFO, "gdal-bin"),
    first: [putToken(10), getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    rotated: [putToken(10), getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    // It takes the page that refuses for a token, which is not legal in a header, and comes back for each file.
    repeats: true,
    refused: [putToken(10, 403), `GET ${ROLE_LIST} without a token: 400`],
    failureMessage: /AWS_SECRET_ACCESS_KEY .* not defined/,
  },
  {
    name: "pgbackrest",
    kind: "command",
    program: ({ s3WithTls }) => [
      PGBACKREST,
      ...["--config=/dev/null", "--stanza=demo", "--log-level-file=off"],
      ...["--repo1-type=s3", "--repo1-s3-key-type=auto", "--repo1-s3-bucket=bucket", "--repo1-path=/"],
      ...["--repo1-s3-region=eu-central-1", "--repo1-s3-uri-style=path", "--repo1-s3-endpoint=127.0.0.1"],
      ...[`--repo1-storage-port=${new URL(s3WithTls).port}`, "--no-repo1-storage-verify-tls", "repo-ls"],
    ],
    needsTls: true,
    finds: "at EC2's address",
    missing: lacks(PGBACKREST, "pgbackrest"),
    first: [putToken(180), getWithToken(ROLE_LIST.slice(0, -1)), getWithToken(DOCUMENT)],
    rotated: [putToken(180), getWithToken(ROLE_LIST.slice(0, -1)), getWithToken(DOCUMENT)],
    refused: [putToken(180, 403), getWithoutToken(ROLE_LIST.slice(0, -1))],
    failureMessage: /HTTP request failed with 401/,
  },
];
