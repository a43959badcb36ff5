import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { onTestFinished } from "vitest";

/** One `AssumeRole` request: who signed it, and for which Region. */
export interface AssumeRoleRequest {
  readonly accessKeyId: string;
  readonly region: string;
  readonly roleArn: string;
}

export interface ScriptedSts {
  readonly url: string;
  readonly requests: readonly AssumeRoleRequest[];
  /** Answers with these credentials from now on, or refuses with this code. */
  answer: Required<Pick<AwsCredentialIdentity, "accessKeyId" | "expiration">> | { readonly code: string };
}

/** An STS that verifies nothing and answers `AssumeRole` as a test wants it. */
export async function scriptedSts(answer: ScriptedSts["answer"]): Promise<ScriptedSts> {
  const requests: AssumeRoleRequest[] = [];
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const [, accessKeyId = "", region = ""] =
      /Credential=([^/]+)\/\d+\/([^/]+)/.exec(request.headers.authorization ?? "") ?? [];
    const form = new URLSearchParams((await buffer(request)).toString());
    requests.push({ accessKeyId, region, roleArn: form.get("RoleArn") ?? "" });
    const isRefusal = "code" in sts.answer;
    response.writeHead(isRefusal ? 403 : 200, { "content-type": "text/xml" });
    response.end("code" in sts.answer ? refusal(sts.answer.code) : success(sts.answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const sts: ScriptedSts = { url: `http://127.0.0.1:${port}`, requests, answer };
  return sts;
}

const success = ({ accessKeyId, expiration }: { accessKeyId: string; expiration: Date }): string =>
  `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
  <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reporting/test</Arn><AssumedRoleId>AROA:test</AssumedRoleId></AssumedRoleUser>
  <Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>secret of ${accessKeyId}</SecretAccessKey>
  <SessionToken>token of ${accessKeyId}</SessionToken><Expiration>${expiration.toISOString()}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>`;

const refusal = (code: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>refused</Message></Error></ErrorResponse>`;
