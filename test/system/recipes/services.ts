import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { createMockImds, type MockImds } from "../../../src/testing/index.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";
import { snippetsOf } from "../docs/snippets.js";
import { MongodbServer } from "./mongodb-server.js";
import { SignedEndpoint } from "./signed-endpoint.js";

const ASSUMED = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
  <AccessKeyId>ASIAASSUMED000000001</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
  <SessionToken>token</SessionToken><Expiration>2031-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`;

/** What the services that recipes ask respond with, as little as their clients need. */
function answer(path: string, body: string): string {
  if (body.startsWith("Action=AssumeRole") || body.includes("&Action=AssumeRole")) return ASSUMED;
  if (path.endsWith("/_search")) return '{"hits":{"hits":[]}}';
  if (path.endsWith("/invoke")) {
    return '{"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hello."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}';
  }
  if (path.endsWith("/converse")) {
    return '{"output":{"message":{"role":"assistant","content":[{"text":"Hello."}]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2},"metrics":{"latencyMs":1}}';
  }
  return "{}";
}

export interface RecipeServices {
  readonly imds: MockImds;
  readonly s3: S3Endpoint;
  readonly signed: SignedEndpoint;
  readonly mongodb: MongodbServer;
  readonly env: Readonly<Record<string, string>>;
}

/** An instance with a role, and the services of the recipes, which accept its credentials alone; all on loopback. */
export async function startServices(): Promise<RecipeServices> {
  const imds = createMockImds({ region: "eu-central-1" });
  if (!imds.credentials) throw new Error("the role has no credentials");
  const [listener, s3] = [await imds.listen(), new S3Endpoint()];
  s3.accept(imds.credentials);
  const signed = new SignedEndpoint(imds.credentials, answer);
  const mongodb = new MongodbServer(inject("recipePackages"), imds.credentials);
  onTestFinished(async () => {
    mongodb.close();
    await Promise.all([listener.close(), s3.close(), signed.close()]);
  });
  const [s3Url, signedUrl, mongodbUrl] = [await s3.listen(), await signed.listen(), await mongodb.listen()];
  return {
    imds,
    s3,
    signed,
    mongodb,
    env: {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint,
      AWS_CONFIG_FILE: await configFile(),
      AWS_ENDPOINT_URL: signedUrl,
      AWS_ENDPOINT_URL_S3: s3Url,
      S3_URL: s3Url,
      OPENSEARCH_URL: signedUrl,
      BEDROCK_URL: signedUrl,
      MONGODB_URL: mongodbUrl,
      AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: "1",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
  };
}

/** The profile that a recipe is about, as it stands there. */
async function configFile(): Promise<string> {
  const [profile] = snippetsOf("docs/recipes/role-arn-profile.md").filter(
    ({ language }) => language === "ini",
  );
  if (!profile) throw new Error("the recipe shows no profile");
  const directory = join(inject("runDirectory"), "recipes");
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "config"), profile.text);
  return join(directory, "config");
}
