import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@aws-sdk/types";
import { InstanceMetadataError } from "../errors/instance-metadata-error.js";
import { wallClock } from "../runtime/clock.js";

/** A response of the container credentials protocol. */
export interface ContainerResponse {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

export const FORBIDDEN: ContainerResponse = {
  status: 403,
  body: JSON.stringify({
    Code: "Forbidden",
    Message: "Wrong authorization token, Host header, method or path",
  }),
};

/** SDKs refuse a document without an expiration: for credentials that have none, it is this far ahead. */
const ASK_AGAIN_MS = 3_600_000;

/** Expired credentials are served as well, if the provider has no newer ones: clients can tell by the date. */
export async function containerResponse(provider: AwsCredentialIdentityProvider): Promise<ContainerResponse> {
  try {
    return { status: 200, body: JSON.stringify(documentOf(await provider())) };
  } catch (error) {
    return { status: 503, body: JSON.stringify(refusalFor(error)) };
  }
}

/** @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
function documentOf(identity: AwsCredentialIdentity): object {
  const { accessKeyId, secretAccessKey, sessionToken = "", expiration, accountId } = identity;
  for (const [name, value] of Object.entries({ accessKeyId, secretAccessKey })) {
    if (typeof value !== "string" || value === "") throw new TypeError(`the provider returned no ${name}`);
  }
  if (typeof sessionToken !== "string")
    throw new TypeError("the provider returned a sessionToken that is no text");
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    // SDKs insist on a string here; they treat an empty one as none.
    Token: sessionToken,
    Expiration: (expiration ?? new Date(wallClock() + ASK_AGAIN_MS)).toISOString(),
    ...(accountId !== undefined && { AccountId: accountId }),
  };
}

const isPlainWord = (text: unknown): boolean => typeof text === "string" && /^[A-Za-z]\w{0,63}$/.test(text);

function wordFor(error: unknown): unknown {
  try {
    const { code, name } = (
      typeof error === "object" && error !== null ? error : {}
    ) as NodeJS.ErrnoException;
    return [code, name].find(isPlainWord) ?? "Error";
  } catch {
    // A getter of the error threw. The request must be answered all the same, and the process must go on.
    return "Error";
  }
}

/** Of another library's error only the code or the name is passed on: its message may quote a secret. */
function refusalFor(error: unknown): object {
  if (error instanceof InstanceMetadataError) return { Code: error.code, Message: error.message };
  return {
    Code: wordFor(error),
    Message: "The credentials provider behind this server failed",
  };
}
