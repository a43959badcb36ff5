import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect, test } from "vitest";
import { sdkSetup } from "../support/sdk-setup.js";

const Bucket = "bucket";
const Key = "a key/with ünusual characters";

test("a presigned URL carries the session token and is accepted", async () => {
  const setup = await sdkSetup();
  const client = setup.client({ credentials: setup.provider() });
  await client.send(new PutObjectCommand({ Bucket, Key, Body: "content" }));

  const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });
  const response = await fetch(url);

  const { accessKeyId, sessionToken } = setup.current();
  const query = new URL(url).searchParams;
  expect(query.get("X-Amz-Security-Token")).toBe(sessionToken);
  expect(query.get("X-Amz-Credential")).toMatch(new RegExp(`^${accessKeyId}/`));
  await expect(response.text()).resolves.toBe("content");
  expect(response.status).toBe(200);
});

test("a URL presigned before a rotation dies with its own credentials; the next one is signed with the new", async () => {
  const setup = await sdkSetup();
  const provider = setup.provider();
  const client = setup.client({ credentials: provider });
  const put = () => getSignedUrl(client, new PutObjectCommand({ Bucket, Key }), { expiresIn: 3600 });
  const send = async (url: string) => (await fetch(url, { method: "PUT", body: "content" })).status;
  const old = await put();
  expect(await send(old)).toBe(200);

  setup.s3.revoke(setup.current().accessKeyId);
  const { accessKeyId } = setup.rotate();
  await provider({ forceRefresh: true });

  expect(await send(old)).toBe(400);
  const fresh = await put();
  expect(new URL(fresh).searchParams.get("X-Amz-Credential")).toMatch(new RegExp(`^${accessKeyId}/`));
  expect(await send(fresh)).toBe(200);
});
