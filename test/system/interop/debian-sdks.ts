import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LONG_TIMEOUT, lacks } from "./debian.js";
import {
  DOCUMENT,
  getWithoutToken,
  getWithToken,
  IMDSV1_FALLBACK,
  type InteropClient,
  putToken,
  ROLE_LIST,
  type Services,
  TOKEN_LIST_DOCUMENT,
} from "./interop-client.js";

const PYTHON = "/usr/bin/python3";
const RUBY = "/usr/bin/ruby";
const GO = "/usr/bin/go";
const GO_SOURCES = "/usr/share/gocode/src/github.com";

const program = (name: string) => fileURLToPath(new URL(`./programs/${name}`, import.meta.url));
const endpointVariable = ({ imds }: Services) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: imds });

const GO_BUILD = join(tmpdir(), "ec2-role-credentials-go");
const GO_PROGRAM = join(GO_BUILD, "conversation");

/**
 * From the sources that Debian's packages bring; nothing is downloaded. Go's own cache makes the next time short. Without
 * Go there is no program, and its clients' tests fail.
 */
export function buildGoProgram(): void {
  if (!existsSync(GO)) return;
  const { status, stderr } = spawnSync(GO, ["build", "-o", GO_PROGRAM, "."], {
    cwd: program("go"),
    encoding: "utf8",
    env: {
      PATH: process.env.PATH,
      GO111MODULE: "off",
      GOPATH: "/usr/share/gocode",
      GOCACHE: join(GO_BUILD, "cache"),
      GOFLAGS: "-p=2",
    },
  });
  if (status !== 0) throw new Error(`the Go program cannot be built:\n${stderr}`);
}

const goClient = (
  name: string,
  path: string,
  debianPackage: string,
  rest: Pick<InteropClient, "first" | "rotated" | "refused" | "failureMessage" | "repeats">,
): InteropClient => ({
  name,
  kind: "conversation",
  program: () => [GO_PROGRAM, name],
  environment: endpointVariable,
  finds: "by setting",
  missing: () => lacks(GO, "golang-go")() ?? lacks(`${GO_SOURCES}/${path}`, debianPackage)(),
  ...rest,
});

/** Libraries: a process asks them again and again. */
export const DEBIAN_SDKS: readonly InteropClient[] = [
  {
    name: "python3-boto3",
    kind: "conversation",
    program: () => [PYTHON, program("boto3_session.py")],
    environment: ({ imds }) => ({ ...LONG_TIMEOUT, AWS_EC2_METADATA_SERVICE_ENDPOINT: imds }),
    finds: "by setting",
    missing: lacks("/usr/lib/python3/dist-packages/boto3", "python3-boto3"),
    first: TOKEN_LIST_DOCUMENT,
    // The session refreshes, from the beginning.
    rotated: TOKEN_LIST_DOCUMENT,
    refused: IMDSV1_FALLBACK,
    failureMessage: /^NoCredentialsError: Unable to locate credentials$/,
  },
  goClient("aws-sdk-go", "aws/aws-sdk-go", "golang-github-aws-aws-sdk-go-dev", {
    first: TOKEN_LIST_DOCUMENT,
    // The token is kept.
    rotated: [getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    refused: IMDSV1_FALLBACK,
    failureMessage: /NoCredentialProviders/,
  }),
  goClient("aws-sdk-go-v2", "aws/aws-sdk-go-v2", "golang-github-aws-aws-sdk-go-v2-dev", {
    first: [putToken(300), getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    rotated: [getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    repeats: true,
    refused: [putToken(300, 403), getWithoutToken(ROLE_LIST)],
    failureMessage: /no EC2 IMDS role found/,
  }),
  goClient("minio-go", "minio/minio-go", "golang-github-minio-minio-go-v7-dev", {
    first: TOKEN_LIST_DOCUMENT,
    rotated: TOKEN_LIST_DOCUMENT,
    refused: [putToken(21600, 403)],
    failureMessage: /^403 Forbidden$/,
  }),
  {
    name: "ruby-aws-sdk-core",
    kind: "conversation",
    program: () => [RUBY, program("ruby_credentials.rb")],
    // It reads the variable, but not the port in it.
    finds: "at EC2's address",
    missing: () => lacks(RUBY, "ruby")() ?? lacks("/usr/share/doc/ruby-aws-sdk-core", "ruby-aws-sdk-core")(),
    first: TOKEN_LIST_DOCUMENT,
    rotated: [getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    repeats: true,
    refused: IMDSV1_FALLBACK,
    failureMessage: /no credentials were found/,
  },
];
