import { fileURLToPath } from "node:url";
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

const nodeProgram = (url: URL) => () => [process.execPath, "--import", "tsx", fileURLToPath(url)];
const endpointVariable = ({ imds }: Services) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: imds });

const ZONE = "/latest/meta-data/placement/availability-zone";
const ROLE_LIST_WITHOUT_SLASH = ROLE_LIST.slice(0, -1);

export const NPM_CLIENTS: readonly InteropClient[] = [
  {
    name: "ec2-role-credentials",
    kind: "conversation",
    program: nodeProgram(new URL("./programs/ec2-role-credentials.ts", import.meta.url)),
    // Its default of a second is too short for a loaded machine.
    environment: (services) => ({ ...endpointVariable(services), AWS_METADATA_SERVICE_TIMEOUT: "20" }),
    finds: "by setting",
    first: TOKEN_LIST_DOCUMENT,
    // The token and the role's name are kept.
    rotated: [getWithToken(DOCUMENT)],
    // IMDSv1 is closed by default.
    refused: [putToken(21600, 403)],
    failureMessage: /^InstanceMetadataError: .*\[IMDS_FORBIDDEN\]$/s,
  },
  {
    name: "@smithy/credential-provider-imds",
    kind: "conversation",
    program: nodeProgram(new URL("./programs/smithy-imds.ts", import.meta.url)),
    environment: endpointVariable,
    finds: "by setting",
    first: TOKEN_LIST_DOCUMENT,
    // Nothing is kept.
    rotated: TOKEN_LIST_DOCUMENT,
    // Falls back to IMDSv1 unless `ec2MetadataV1Disabled`; `maxRetries` is 0 by default.
    refused: IMDSV1_FALLBACK,
    failureMessage: /Error response received from instance metadata service/,
  },
  {
    name: "@smithy/credential-provider-imds with IMDSv1 disabled",
    kind: "conversation",
    program: nodeProgram(new URL("./programs/smithy-imds.ts", import.meta.url)),
    environment: (services) => ({ ...endpointVariable(services), AWS_EC2_METADATA_V1_DISABLED: "true" }),
    finds: "by setting",
    first: TOKEN_LIST_DOCUMENT,
    rotated: TOKEN_LIST_DOCUMENT,
    refused: [putToken(21600, 403)],
    failureMessage: /^InstanceMetadataV1FallbackError: .*AWS_EC2_METADATA_V1_DISABLED/,
  },
  {
    name: "@aws-sdk/credential-providers",
    kind: "conversation",
    program: nodeProgram(new URL("./programs/sdk-chain.ts", import.meta.url)),
    environment: endpointVariable,
    finds: "by setting",
    first: TOKEN_LIST_DOCUMENT,
    rotated: TOKEN_LIST_DOCUMENT,
    refused: IMDSV1_FALLBACK,
    failureMessage: /^CredentialsProviderError: Could not load credentials from any providers/,
  },
  {
    name: "@aws-sdk/ec2-metadata-service",
    kind: "conversation",
    program: nodeProgram(new URL("./programs/sdk-metadata-service.ts", import.meta.url)),
    environment: endpointVariable,
    finds: "by setting",
    // A token for each request; its paths begin with the endpoint's own slash and theirs.
    first: [putToken(21600), getWithToken(`/${ROLE_LIST}`), putToken(21600), getWithToken(`/${DOCUMENT}`)],
    rotated: [putToken(21600), getWithToken(`/${ROLE_LIST}`), putToken(21600), getWithToken(`/${DOCUMENT}`)],
    // After 403 it asks for no token any more, and repeats what was answered 401; the program allows one retry.
    refused: [putToken(21600, 403), getWithoutToken(`/${ROLE_LIST}`), getWithoutToken(`/${ROLE_LIST}`)],
    failureMessage: /Error making request to the metadata service: .*401/,
  },
  {
    name: "google-auth-library",
    kind: "conversation",
    program: nodeProgram(new URL("./programs/google-auth.ts", import.meta.url)),
    environment: ({ imds }) => ({ MOCKED_IMDS: imds }),
    finds: "by setting",
    first: [
      putToken(300),
      getWithToken(ZONE),
      putToken(300),
      getWithToken(ROLE_LIST_WITHOUT_SLASH),
      getWithToken(DOCUMENT),
    ],
    // The Region is kept.
    rotated: [putToken(300), getWithToken(ROLE_LIST_WITHOUT_SLASH), getWithToken(DOCUMENT)],
    // With `imdsv2_session_token_url` it knows no other way.
    refused: [putToken(300, 403)],
    failureMessage: /403 - Forbidden/,
  },
  {
    name: "aws-crt",
    kind: "conversation",
    program: nodeProgram(new URL("./programs/aws-crt.ts", import.meta.url)),
    // Without a setting, as most programs run on an instance.
    finds: "at EC2's address",
    first: TOKEN_LIST_DOCUMENT,
    // A new provider starts over.
    rotated: TOKEN_LIST_DOCUMENT,
    refused: IMDSV1_FALLBACK,
    failureMessage: /AWS_AUTH_SIGNING_NO_CREDENTIALS/,
  },
];
