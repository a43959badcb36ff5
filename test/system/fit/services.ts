import { createMockImds } from "../../../src/testing/index.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";

/** What a run of the handler needs, and what it must report. */
export interface Services {
  /** For the program. */
  readonly env: Readonly<Record<string, string>>;
  /** What the handler returns if all is well. */
  readonly expected: object;
  /** The steps of every request for metadata so far: a refresh must cost one. */
  steps(): readonly string[];
  close(): Promise<void>;
}

/** A metadata service, and an S3 that takes no other credentials than those from it, on loopback. */
export async function startServices(): Promise<Services> {
  const imds = createMockImds({ roleName: "web-server", region: "eu-central-1" });
  const s3 = new S3Endpoint();
  if (!imds.credentials) throw new Error("the role has no credentials");
  s3.accept(imds.credentials);
  const [listener, s3Url] = await Promise.all([imds.listen(), s3.listen()]);
  return {
    env: {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint,
      AWS_ENDPOINT_URL_S3: s3Url,
      // The SDK announces which Node it will no longer run on; nothing of ours may be said.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
    expected: {
      accessKeyId: imds.credentials.accessKeyId,
      expires: true,
      object: "all is well",
      roleName: "web-server",
      stale: false,
      region: "eu-central-1",
      instanceId: "i-0a1b2c3d4e5f67890",
      error: { known: true, code: "NOT_FOUND" },
    },
    steps: () => imds.requests.map(({ step }) => step),
    close: async () => {
      await Promise.all([listener.close(), s3.close()]);
    },
  };
}
