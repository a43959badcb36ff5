import { AwsClient } from "google-auth-library";
import { answerQuestions, signerOf } from "./conversation.js";

const imds = process.env.MOCKED_IMDS;

// As the file that `gcloud iam workload-identity-pools create-cred-config --aws --enable-imdsv2` writes.
const client = new AwsClient({
  type: "external_account",
  audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws",
  subject_token_type: "urn:ietf:params:aws:token-type:aws4_request",
  token_url: "https://sts.googleapis.com/v1/token",
  credential_source: {
    environment_id: "aws1",
    region_url: `${imds}/latest/meta-data/placement/availability-zone`,
    url: `${imds}/latest/meta-data/iam/security-credentials`,
    imdsv2_session_token_url: `${imds}/latest/api/token`,
    regional_cred_verification_url:
      "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
  },
});

// The subject token is a signed request, which Google would send on to AWS. Here it is not sent.
await answerQuestions(async () => {
  const { headers }: { headers: { key: string; value: string }[] } = JSON.parse(
    decodeURIComponent(await client.retrieveSubjectToken()),
  );
  return signerOf(headers.map(({ key, value }) => [key, value]));
});
