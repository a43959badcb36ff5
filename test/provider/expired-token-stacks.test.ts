import type { S3Client, ServiceInputTypes, ServiceOutputTypes } from "@aws-sdk/client-s3";
import { HeadBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { constructStack } from "@smithy/core/client";
import { HttpRequest } from "@smithy/core/protocols";
import type { FinalizeRequestMiddleware, Logger } from "@smithy/types";
import { expect, test, vi } from "vitest";
import { expiredTokenPlugin } from "../../src/index.js";
import { sdkSetup } from "../support/sdk-setup.js";

const Bucket = "bucket";
const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket }));

/** A client without the plugin, whose provider has cached credentials that S3 no longer accepts. */
async function rejected(logger?: Logger) {
  const setup = await sdkSetup();
  const provider = setup.provider(logger ? { logger } : {});
  const credentials = setup.client({ credentials: provider });
  await list(credentials);
  const oldKey = setup.current().accessKeyId;
  setup.s3.revoke(oldKey);
  const newKey = setup.rotate().accessKeyId;
  const before = setup.s3.calls.length;
  const keys = () => setup.s3.calls.slice(before).map(({ accessKeyId }) => accessKeyId);
  return { ...setup, provider, client: credentials, oldKey, newKey, keys };
}

const spiedLogger = () => ({ debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() });

test("used twice on one client, it sends a call again once", async () => {
  const setup = await rejected();
  const plugin = expiredTokenPlugin(setup.provider);
  setup.client.middlewareStack.use(plugin);
  setup.client.middlewareStack.use(plugin);
  setup.s3.revoke(setup.newKey);

  await expect(list(setup.client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(setup.keys()).toEqual([setup.oldKey, setup.newKey]);
});

test("used on one command, it works for that command", async () => {
  const setup = await rejected();
  const command = new ListObjectsV2Command({ Bucket });
  command.middlewareStack.use(expiredTokenPlugin(setup.provider));

  await setup.client.send(command);

  expect(setup.keys()).toEqual([setup.oldKey, setup.newKey]);
});

test("a middleware that replaces the request does not make it send a call a third time", async () => {
  const setup = await rejected();
  const { middlewareStack } = setup.client;
  middlewareStack.use(expiredTokenPlugin(setup.provider));
  const replaceRequest: FinalizeRequestMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next) => (args) =>
    next({ ...args, request: HttpRequest.clone(args.request as HttpRequest) });
  middlewareStack.addRelativeTo(replaceRequest, { relation: "before", toMiddleware: "retryMiddleware" });
  middlewareStack.add(
    (next) => (args) =>
      next(args).catch((error: unknown) => {
        setup.s3.revoke(setup.rotate().accessKeyId);
        throw error;
      }),
    { step: "deserialize", priority: "high" },
  );

  await expect(list(setup.client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(setup.keys()).toHaveLength(2);
});

test("with a client that has no retryMiddleware it does nothing, breaks nothing, and tells the logger once", async () => {
  const logger = spiedLogger();
  const setup = await rejected(logger);
  const plugin = expiredTokenPlugin(setup.provider);
  const stack = constructStack<object, object>();
  stack.add((next) => next, { step: "serialize", name: "ofItsOwn" });
  const names = stack.identify();

  stack.use(plugin);
  stack.use(plugin);

  expect(stack.identify()).toEqual(names);
  expect(logger.warn.mock.calls).toEqual([[expect.stringContaining("expiredTokenPlugin")]]);
});

test.for([
  ["undefined", undefined],
  ["an empty object", {}],
  ["a stack that refuses everything", new Proxy({}, { get: () => () => fail() })],
] as const)("what is no stack at all is no reason to fail: %s", async ([, stack]) => {
  const logger = spiedLogger();
  const setup = await rejected(logger);

  expiredTokenPlugin(setup.provider).applyToStack(stack as never);

  expect(logger.warn).toHaveBeenCalledOnce();
});

const fail = () => {
  throw new Error("no");
};

test("says nothing to the logger of a provider whose clients it knows", async () => {
  const logger = spiedLogger();
  const setup = await rejected(logger);
  setup.client.middlewareStack.use(expiredTokenPlugin(setup.provider));

  await list(setup.client);

  const lines = logger.warn.mock.calls.flat();
  expect(lines.filter((line) => String(line).includes("expiredTokenPlugin"))).toEqual([]);
});

test("a client that keeps the identity itself asks again once its key was rejected", async () => {
  const setup = await rejected();
  // As clients before 3.775 do, which hand on no `forceRefresh` either.
  let kept: Awaited<ReturnType<typeof setup.provider>> | undefined;
  const credentials = async () => {
    if (kept === undefined || (kept.expiration?.getTime() ?? 0) - Date.now() < 300_000)
      kept = await setup.provider();
    return kept;
  };
  const client = setup.client;
  client.config.credentials = Object.assign(credentials, { memoized: true });
  client.middlewareStack.use(expiredTokenPlugin(setup.provider));

  await client.send(new HeadBucketCommand({ Bucket })).catch(() => {});
  await list(client);

  expect(setup.keys()).toEqual([setup.oldKey, setup.oldKey, setup.newKey]);
});
