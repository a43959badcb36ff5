import { answerQuestions } from "./conversation.js";
import { outsidePackage } from "./outside-package.js";

// What the driver does for MONGODB-AWS where the AWS SDK is not installed. Only a server could make it do so.
const { LegacyAWSTemporaryCredentialProvider } = outsidePackage(
  "mongodb/lib/cmap/auth/aws_temporary_credentials.js",
);
const provider = new LegacyAWSTemporaryCredentialProvider();

await answerQuestions(async () => {
  const { AccessKeyId, SecretAccessKey, Token } = await provider.getCredentials();
  if (AccessKeyId === undefined) throw new Error("there are no credentials in the answer");
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
});
