import type { S3Client } from "@aws-sdk/client-s3";
import { HeadBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { expiredTokenPlugin } from "../../src/index.js";
import type { Script } from "../support/scripted-s3.js";
import { scriptedS3 } from "../support/scripted-s3.js";
import { sdkSetup } from "../support/sdk-setup.js";

const Bucket = "bucket";
const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket }));
const head = (client: S3Client) => client.send(new HeadBucketCommand({ Bucket }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
});

interface First {
  readonly key: string;
  /** When the first credentials expire. */
  readonly expiration: Date;
}

/** A client with the plugin, whose S3 answers by a script that is given the first credentials. */
async function clientOf(script: (first: First) => Script, maxAttempts = 1) {
  const setup = await sdkSetup();
  const provider = setup.provider();
  const { accessKeyId: key, expiration = new Date(Number.NaN) } = await provider();
  const s3 = await scriptedS3(script({ key, expiration }));
  const client = setup.client({ credentials: provider, endpoint: s3.url, maxAttempts });
  client.middlewareStack.use(expiredTokenPlugin(provider));
  setup.newSteps();
  return { ...setup, provider, client, firstKey: key, keys: s3.keys };
}

const after = (moment: Date) => new Date(moment.getTime() + 1000);
const before = (moment: Date) => new Date(moment.getTime() - 1000);

test.for(["ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"])(
  "%s is a rejection, also of credentials that have hours left",
  async (code) => {
    const setup = await clientOf(
      ({ key }) =>
        (used) =>
          used === key ? [400, code] : undefined,
    );
    const { accessKeyId } = setup.imds.rotate();

    await list(setup.client);

    expect(setup.keys).toEqual([setup.firstKey, accessKeyId]);
  },
);

/** What is a rejection only if the credentials have expired: it could mean something else. */
const AMBIGUOUS = [
  ["RequestExpired", 400, list],
  ["a HEAD answered 400", 400, head],
  ["a HEAD answered 403", 403, head],
] as const;

describe.for(AMBIGUOUS)("%s", ([, status, call]) => {
  test("is a rejection of credentials that have expired by this machine's clock", async () => {
    const setup = await clientOf(({ key, expiration }) => (used) => {
      if (used !== key) return undefined;
      vi.setSystemTime(after(expiration));
      setup.imds.rotate();
      return [status, "RequestExpired"];
    });

    await call(setup.client);

    expect(setup.keys).toEqual([setup.firstKey, setup.imds.credentials?.accessKeyId]);
  });

  test("is a rejection of credentials that have expired by the response's Date header", async () => {
    const setup = await clientOf(
      ({ key, expiration }) =>
        (used) =>
          used === key ? [status, "RequestExpired", after(expiration)] : undefined,
    );
    const { accessKeyId } = setup.imds.rotate();

    await call(setup.client);

    expect(setup.keys).toEqual([setup.firstKey, accessKeyId]);
  });

  test("is none of credentials that are valid by both: no refresh, no second request", async () => {
    const setup = await clientOf(({ expiration }) => () => [status, "RequestExpired", before(expiration)]);
    setup.imds.rotate();

    await expect(call(setup.client)).rejects.toMatchObject({ $metadata: { httpStatusCode: status } });

    expect(setup.keys).toEqual([setup.firstKey]);
    expect(setup.newSteps()).toEqual([]);
  });

  test("is none of another provider's credentials", async () => {
    const setup = await clientOf(({ expiration }) => () => [status, "RequestExpired", after(expiration)]);
    const credentials = { ...(await setup.provider()), accessKeyId: "ASIAOTHER" };
    const client = setup.client;
    client.config.credentials = async () => credentials;
    setup.newSteps();

    await expect(call(client)).rejects.toThrow();

    expect(setup.keys).toEqual(["ASIAOTHER"]);
    expect(setup.newSteps()).toEqual([]);
  });
});

test.for([404, 301, 500])(
  "a HEAD answered %i is no rejection of expired credentials either",
  async (status) => {
    const setup = await clientOf(({ expiration }) => () => [status, "", after(expiration)]);
    setup.imds.rotate();

    await expect(head(setup.client)).rejects.toThrow();

    expect(setup.keys).toEqual([setup.firstKey]);
  },
);

test("403 with a body is AccessDenied, also if the credentials have expired", async () => {
  const setup = await clientOf(({ expiration }) => () => [403, "AccessDenied", after(expiration)]);
  setup.imds.rotate();

  await expect(list(setup.client)).rejects.toMatchObject({ name: "AccessDenied" });

  expect(setup.keys).toEqual([setup.firstKey]);
});

test("a rejection is not retried by the SDK first, as it does after it has corrected its clock", async () => {
  const setup = await clientOf(
    ({ key, expiration }) =>
      (used) =>
        used === key ? [400, "RequestExpired", after(expiration)] : undefined,
    3,
  );
  const { accessKeyId } = setup.imds.rotate();

  await list(setup.client);

  expect(setup.keys).toEqual([setup.firstKey, accessKeyId]);
});
