import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { expect, test, vi } from "vitest";
import { expiredTokenPlugin } from "../../src/index.js";
import { sdkSetup } from "../support/sdk-setup.js";

test("a plugin of another copy of the library does not take the place of one, nor send a call a third time", async () => {
  vi.resetModules();
  const otherCopy = await import("../../src/index.js");
  expect(otherCopy.expiredTokenPlugin).not.toBe(expiredTokenPlugin);
  const setup = await sdkSetup();
  const provider = setup.provider();
  const client = setup.client({ credentials: provider });
  client.middlewareStack.use(expiredTokenPlugin(provider));
  client.middlewareStack.use(
    otherCopy.expiredTokenPlugin(otherCopy.fromInstanceRole({ endpoint: setup.endpoint, shared: false })),
  );
  client.middlewareStack.use(otherCopy.expiredTokenPlugin(provider));
  await provider();
  setup.s3.revoke(setup.current().accessKeyId);
  const rejectedAsWell = () => setup.s3.revoke(setup.rotate().accessKeyId);
  rejectedAsWell();
  client.middlewareStack.add(
    (next) => (args) =>
      next(args).catch((error: unknown) => {
        if (setup.s3.calls.length > 1) rejectedAsWell();
        throw error;
      }),
    { step: "deserialize", priority: "high" },
  );

  await expect(client.send(new ListObjectsV2Command({ Bucket: "bucket" }))).rejects.toMatchObject({
    name: "ExpiredToken",
  });

  expect(setup.s3.calls).toHaveLength(2);
});
