import { fileURLToPath } from "node:url";
import { installOutside } from "../../support/installed-outside.js";
import { DOCUMENT, getWithToken, type InteropClient, putToken, ROLE_LIST } from "./interop-client.js";

/** Too large for every clone of the repository: 330 MB with their native parts. */
const PACKAGES = [
  // The native parts are named; what else is optional is larger still, and not used.
  ...["--omit=optional", "--ignore-scripts"],
  ...["nodejs-polars@0.26.1", `nodejs-polars-linux-${process.arch}-gnu@0.26.1`],
  ...["@lancedb/lancedb@0.39.0", `@lancedb/lancedb-linux-${process.arch}-gnu@0.39.0`, "apache-arrow@18.1.0"],
  // Version 7 gets its credentials from @aws-sdk/credential-providers, which is a client of its own here.
  "mongodb@6.20.0",
];

/** @returns where they are; they are installed if they are not there yet */
export const installOutsideClients = (): string => installOutside("interop-1", PACKAGES);
const nodeProgram = (name: string): string[] => [
  process.execPath,
  ...["--import", "tsx"],
  fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url)),
  installOutsideClients(),
];
const REGION = "/latest/meta-data/placement/region";

/** The Rust crate object_store. */
const OBJECT_STORE = [putToken(600), getWithToken(ROLE_LIST), getWithToken(DOCUMENT)];

/** A double slash, and no slash after the list. */
const MONGODB = [putToken(30), getWithToken(`/${ROLE_LIST.slice(0, -1)}`), getWithToken(`/${DOCUMENT}`)];

/** Clients from npm that are installed for these tests alone. */
export const OUTSIDE_CLIENTS: readonly InteropClient[] = [
  {
    name: "nodejs-polars",
    kind: "command",
    program: ({ imds, s3 }) => [...nodeProgram("polars"), imds, s3],
    // There is no such table.
    ignoresStatus: true,
    finds: "by setting",
    repeats: true,
    first: OBJECT_STORE,
    rotated: OBJECT_STORE,
    refused: [putToken(600, 403)],
    failureMessage: /latest\/api\/token.* 403 Forbidden/s,
  },
  {
    name: "@lancedb/lancedb",
    kind: "command",
    program: ({ s3 }) => [...nodeProgram("lancedb"), s3],
    // The AWS SDK for Rust reads it.
    environment: ({ imds }) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: imds }),
    ignoresStatus: true,
    finds: "by setting",
    repeats: true,
    first: [putToken(21600), getWithToken(REGION), getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    rotated: [putToken(21600), getWithToken(REGION), getWithToken(ROLE_LIST), getWithToken(DOCUMENT)],
    refused: [putToken(21600, 403)],
    failureMessage: /credential/i,
  },
  {
    name: "mongodb",
    kind: "conversation",
    program: () => nodeProgram("mongodb"),
    // Without the guard that keeps Node from EC2's address: in the namespace that is the mock's.
    environment: () => ({ NODE_OPTIONS: "" }),
    finds: "at EC2's address",
    first: MONGODB,
    rotated: MONGODB,
    // It takes the page that refuses for a token, which Node does not send in a header.
    refused: [putToken(30, 403)],
    failureMessage: /Invalid character in header content/,
  },
];
