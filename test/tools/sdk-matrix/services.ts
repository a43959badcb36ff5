import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** S3, DynamoDB and STS on loopback, as far as these checks call them. */
export interface Services {
  readonly url: string;
  /** The keys that the requests so far were signed with. */
  readonly keys: readonly string[];
  /** From now on requests that are signed with this key are answered `ExpiredToken`. */
  reject(accessKeyId: string): void;
  close(): void;
}

export async function startServices(): Promise<Services> {
  const keys: string[] = [];
  const rejected = new Set<string>();
  let assumed = 0;
  const server = createServer(async (request, response) => {
    const { authorization = "", "x-amz-target": target } = request.headers;
    const [, key = ""] = /Credential=([^/]+)/.exec(authorization) ?? [];
    const body = await text(request);
    keys.push(key);
    const json = target !== undefined;
    response.setHeader("content-type", json ? "application/x-amz-json-1.0" : "application/xml");
    response.statusCode = rejected.has(key) ? 400 : 200;
    if (json) return void response.end(rejected.has(key) ? JSON_REJECTION : '{ "TableNames": [] }');
    if (rejected.has(key))
      return void response.end(authorization.includes("/sts/") ? STS_REJECTION : S3_REJECTION);
    response.end(body.includes("Action=AssumeRole") ? assumeRoleResponse(++assumed) : S3_LIST);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    reject: (accessKeyId) => void rejected.add(accessKeyId),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const S3_LIST = "<ListBucketResult><Name>bucket</Name></ListBucketResult>";
const ERROR =
  "<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message>";
const S3_REJECTION = `<Error>${ERROR}</Error>`;
const STS_REJECTION = `<ErrorResponse><Error><Type>Sender</Type>${ERROR}</Error></ErrorResponse>`;
const JSON_REJECTION = JSON.stringify({
  __type: "com.amazon.coral.service#ExpiredTokenException",
  message: "The security token included in the request is expired",
});

/** Credentials of a role that was assumed, with another key each time. */
const assumeRoleResponse = (nth: number): string => `<AssumeRoleResponse><AssumeRoleResult>
  <Credentials>
    <AccessKeyId>ASIAASSUMED${nth}</AccessKeyId>
    <SecretAccessKey>secret</SecretAccessKey>
    <SessionToken>token</SessionToken>
    <Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration>
  </Credentials>
  <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/role/matrix</Arn></AssumedRoleUser>
</AssumeRoleResult></AssumeRoleResponse>`;
