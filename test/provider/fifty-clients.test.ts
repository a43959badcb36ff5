import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { expect, onTestFinished, test } from "vitest";
import { expiredTokenPlugin, type InstanceRoleProvider } from "../../src/index.js";
import { ec2Date, inHours } from "../support/role-document.js";
import { S3Endpoint } from "../support/s3-endpoint.js";
import { providerAt } from "../support/scripted-provider.js";
import { answer, serveDocument } from "../support/scripted-replies.js";
import { type Exchange, type Reply, scriptedServer } from "../support/scripted-server.js";

const CLIENTS = 50;

const setNumber = (nth: number): AwsCredentialIdentity => ({
  accessKeyId: `ASIAROTATION${nth}`,
  secretAccessKey: `secret-of-rotation-${nth}`,
  sessionToken: `session-token-of-rotation-${nth}`,
});

const serve = ({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentialIdentity): Reply =>
  serveDocument({
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: ec2Date(inHours(6)),
  });

async function s3World(): Promise<{ s3: S3Endpoint; url: string }> {
  const s3 = new S3Endpoint();
  onTestFinished(() => s3.close());
  return { s3, url: await s3.listen() };
}

function clientsOf(credentials: InstanceRoleProvider, endpoint: string): S3Client[] {
  const clients = Array.from(
    { length: CLIENTS },
    () => new S3Client({ region: "us-east-1", endpoint, forcePathStyle: true, maxAttempts: 1, credentials }),
  );
  onTestFinished(() => {
    for (const client of clients) client.destroy();
  });
  return clients;
}

const allPut = (clients: readonly S3Client[]): Promise<unknown> =>
  Promise.all(
    clients.map((client, index) =>
      client.send(new PutObjectCommand({ Bucket: "fifty", Key: `object-${index}`, Body: `body ${index}` })),
    ),
  );

test("50 clients go through rotations while metadata holds its answer back or fails: no S3 call fails, none waits", async () => {
  const { s3, url } = await s3World();
  s3.accept(setNumber(0));
  await using imds = await scriptedServer({ credentials: [serve(setNumber(0))] });
  // A look is due as soon as the one before has ended: every round of calls starts one behind it.
  const credentials = providerAt(imds, { maxAgeSeconds: 0.001, maxRetries: 1 });
  const clients = clientsOf(credentials, url);
  await credentials();

  for (let rotation = 1; rotation <= 5; rotation++) {
    let letGo: (exchange: Exchange) => void = () => {};
    const held = new Promise<Exchange>((resolve) => {
      letGo = resolve;
    });
    // Every other rotation, metadata fails once before it has an answer, which is then held back as well.
    imds.play("credentials", ...(rotation % 2 ? [] : [answer(503)]), letGo);
    const before = s3.calls.length;

    await allPut(clients);

    // All of them are done, and metadata has still not answered: nobody can have waited for it.
    const calls = s3.calls.slice(before);
    expect(calls.map(({ status }) => status)).toEqual(Array(CLIENTS).fill(200));
    expect(new Set(calls.map(({ accessKeyId }) => accessKeyId))).toEqual(
      new Set([setNumber(rotation - 1).accessKeyId]),
    );
    s3.accept(setNumber(rotation));
    serve(setNumber(rotation))(await held);
    // Joins the look in flight, if it has not ended yet.
    imds.play("credentials", serve(setNumber(rotation)));
    expect((await credentials({ forceRefresh: true })).accessKeyId).toBe(setNumber(rotation).accessKeyId);
  }
  expect(s3.calls).toHaveLength(5 * CLIENTS);
});

test("50 clients with the plugin get through keys that the service revokes early, with one look each time", async () => {
  const { s3, url } = await s3World();
  s3.accept(setNumber(0));
  await using imds = await scriptedServer({ credentials: [serve(setNumber(0))] });
  const credentials = providerAt(imds);
  const clients = clientsOf(credentials, url);
  for (const client of clients) client.middlewareStack.use(expiredTokenPlugin(credentials));
  await credentials();

  for (let rotation = 1; rotation <= 3; rotation++) {
    s3.revoke(setNumber(rotation - 1).accessKeyId);
    s3.accept(setNumber(rotation));
    imds.play("credentials", serve(setNumber(rotation)));

    await allPut(clients);

    expect(imds.count("credentials")).toBe(1);
    const accepted = s3.calls.filter(({ status, accessKeyId }) => {
      return status === 200 && accessKeyId === setNumber(rotation).accessKeyId;
    });
    expect(accepted).toHaveLength(CLIENTS);
  }
  const refused = s3.calls.filter(({ status }) => status !== 200);
  expect(new Set(refused.map(({ errorCode }) => errorCode))).toEqual(new Set(["ExpiredToken"]));
});
