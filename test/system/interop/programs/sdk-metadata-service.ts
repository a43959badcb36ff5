import { MetadataService } from "@aws-sdk/ec2-metadata-service";
import { answerQuestions } from "./conversation.js";

const ROLE_LIST = "/latest/meta-data/iam/security-credentials/";

const metadata = new MetadataService({ retries: 1, backoff: 0 });

await answerQuestions(async () => {
  const role = await metadata.request(ROLE_LIST, {});
  const { AccessKeyId, SecretAccessKey, Token } = JSON.parse(
    await metadata.request(`${ROLE_LIST}${role}`, {}),
  );
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
});
