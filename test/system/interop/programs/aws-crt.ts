import { auth, http, io } from "aws-crt";
import { answerQuestions, signerOf } from "./conversation.js";

const bootstrap = new io.ClientBootstrap();

// It does not return credentials, but signs with them; nothing is sent. A provider keeps its credentials for minutes,
// so that each question gets a provider of its own.
await answerQuestions(async () => {
  const request = new http.HttpRequest("GET", "/", new http.HttpHeaders([["host", "s3.example"]]));
  await auth.aws_sign_request(request, {
    algorithm: auth.AwsSigningAlgorithm.SigV4,
    signature_type: auth.AwsSignatureType.HttpRequestViaHeaders,
    provider: auth.AwsCredentialsProvider.newDefault(bootstrap),
    region: "eu-central-1",
    service: "s3",
    date: new Date(),
  });
  return signerOf(request.headers);
});
