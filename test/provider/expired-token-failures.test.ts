import type { S3Client } from "@aws-sdk/client-s3";
import { ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { InstanceRoleOptions } from "../../src/index.js";
import { expiredTokenPlugin } from "../../src/index.js";
import { sdkSetup } from "../support/sdk-setup.js";

const Bucket = "bucket";
const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket }));

/** A client whose provider has cached credentials that S3 no longer accepts. */
async function rejected(options?: InstanceRoleOptions) {
  const setup = await sdkSetup();
  const provider = setup.provider(options);
  const client = setup.client({ credentials: provider });
  client.middlewareStack.use(expiredTokenPlugin(provider));
  await list(client);
  setup.s3.revoke(setup.current().accessKeyId);
  setup.newSteps();
  return { ...setup, provider, client, newClient: setup.client, before: setup.s3.calls.length };
}

const EXPIRED_TOKEN = { name: "ExpiredToken", $metadata: { httpStatusCode: 400 } };

describe("The service's error goes to the caller, not the refresh's", () => {
  test("when the refresh raises an error: the role is gone and its credentials have expired", async () => {
    const setup = await rejected();
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    setup.imds.detachRole();
    const { expiration } = await setup.provider();
    // They expire on their way to the service.
    setup.client.middlewareStack.add(
      (next) => (args) =>
        next(args).finally(() => vi.setSystemTime(new Date((expiration?.getTime() ?? 0) + 1000))),
      { step: "deserialize" },
    );

    await expect(list(setup.client)).rejects.toMatchObject(EXPIRED_TOKEN);

    expect(setup.s3.calls).toHaveLength(setup.before + 1);
    await expect(setup.provider()).rejects.toMatchObject({ code: "NO_ROLE_ATTACHED" });
  });

  test("when the client's own provider raises an error", async () => {
    const setup = await rejected();
    let copy: AwsCredentialIdentity | undefined;
    const credentials = async (properties?: { forceRefresh?: boolean }) => {
      if (properties?.forceRefresh) throw new Error("there is no refreshing here");
      copy ??= { ...(await setup.provider()) };
      return copy;
    };
    const client = setup.newClient({ credentials: Object.assign(credentials, { memoized: true }) });
    client.middlewareStack.use(expiredTokenPlugin(setup.provider));
    setup.rotate();

    await expect(list(client)).rejects.toMatchObject(EXPIRED_TOKEN);

    expect(setup.s3.calls).toHaveLength(setup.before + 1);
  });
});

describe("The caller's abortSignal", () => {
  const MINUTE = 60_000;

  test("ends the waiting for a refresh that hangs", async () => {
    const setup = await rejected({ timeout: 10 * MINUTE });
    setup.imds.fail({ mode: "hang", times: Number.POSITIVE_INFINITY });
    const abort = new AbortController();
    const call = setup.client.send(new ListObjectsV2Command({ Bucket }), { abortSignal: abort.signal });
    const outcome = expect(call).rejects.toMatchObject({ name: "AbortError" });
    await vi.waitFor(() => expect(setup.newSteps()).toEqual(["credentials"]), { timeout: MINUTE });
    const aborted = performance.now();

    abort.abort();
    await outcome;

    // The provider's own limit to this wait is ten seconds.
    expect(performance.now() - aborted).toBeLessThan(5_000);
    expect(setup.s3.calls).toHaveLength(setup.before + 1);
  });

  test("counts also if it came before the rejection", async () => {
    const setup = await rejected({ timeout: 10 * MINUTE });
    setup.imds.fail({ mode: "hang", times: Number.POSITIVE_INFINITY });
    const abort = new AbortController();
    setup.client.middlewareStack.add((next) => (args) => next(args).finally(() => abort.abort()), {
      step: "deserialize",
    });
    const started = performance.now();

    const call = setup.client.send(new ListObjectsV2Command({ Bucket }), { abortSignal: abort.signal });

    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("leaves the refresh going on: the next call has the new credentials", async () => {
    const setup = await rejected();
    setup.imds.delay(300);
    const abort = new AbortController();
    const call = setup.client.send(new ListObjectsV2Command({ Bucket }), { abortSignal: abort.signal });
    const outcome = expect(call).rejects.toMatchObject({ name: "AbortError" });
    await vi.waitFor(() => expect(setup.imds.requests.at(-1)?.step).toBe("credentials"), {
      timeout: MINUTE,
    });
    const { accessKeyId } = setup.rotate();
    abort.abort();
    await outcome;

    await list(setup.client);

    expect(setup.s3.calls.at(-1)).toMatchObject({ accessKeyId, status: 200 });
  });

  test("leaves no listener behind", async () => {
    const setup = await rejected();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    setup.rotate();

    await setup.client.send(new ListObjectsV2Command({ Bucket }), { abortSignal: signal });

    const listeners = (spy: typeof added | typeof removed) => spy.mock.calls.map(([, listener]) => listener);
    expect(setup.s3.calls).toHaveLength(setup.before + 2);
    for (const listener of listeners(added)) expect(listeners(removed)).toContain(listener);
  });
});

test("a body that is an ArrayBuffer is sent again", async () => {
  const setup = await rejected();
  setup.rotate();
  const body = new TextEncoder().encode("content ü").buffer;
  setup.client.middlewareStack.add(
    (next) => (args) => {
      // What the SDK's own types of a body leave out, its handlers send.
      Object.assign(args.request as object, { body });
      return next(args);
    },
    { step: "build", priority: "high" },
  );

  await setup.client.send(new PutObjectCommand({ Bucket, Key: "key", Body: "content ü" }));

  expect(setup.s3.calls.slice(setup.before).map(({ errorCode, status }) => errorCode ?? status)).toEqual([
    "ExpiredToken",
    200,
  ]);
});
