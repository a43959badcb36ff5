import { describe, expect, test } from "vitest";
import { fromInstanceRole, instanceRegion } from "../../../src/index.js";
import { failureOf } from "../../support/failure.js";
import { findLeaks } from "../../support/leaks.js";
import { CASES } from "./cases.js";
import { KEYS, type Refusal, TOKEN } from "./expectations.js";
import { RawService } from "./raw-service.js";

const SECRET_VALUES = [TOKEN, ...Object.values(KEYS)];

const isRefusal = (value: object | string): value is Refusal => typeof value === "object" && "code" in value;

async function expectRefusal(promise: Promise<unknown>, { code, says }: Refusal): Promise<void> {
  const error = await failureOf(promise);
  expect(error.code).toBe(code);
  if (says) expect(error.message).toMatch(says);
  expect(findLeaks(error.message, SECRET_VALUES)).toEqual([]);
}

describe("the provider", () => {
  test.each(CASES)("%s", async (_, { service: { answers, asks }, expected, options }) => {
    await using service = await RawService.start(answers);
    const provider = fromInstanceRole({ ...options, endpoint: service.endpoint });

    if (isRefusal(expected.provider)) await expectRefusal(provider(), expected.provider);
    else {
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = await provider();
      expect({ accessKeyId, secretAccessKey, sessionToken, expiration: expiration?.toISOString() }).toEqual({
        accessKeyId: KEYS.AccessKeyId,
        secretAccessKey: KEYS.SecretAccessKey,
        sessionToken: KEYS.Token,
        expiration: expected.provider.expiration,
      });
      expect(provider.status()).toMatchObject({
        roleName: expected.provider.roleName,
        stale: new Date(expected.provider.expiration) < new Date(),
      });
      if (asks) expect(service.requests).toEqual(asks);
    }
    provider.close();
  });
});

describe("instanceRegion()", () => {
  test.each(CASES)("%s", async (_, { service: { answers }, expected, options }) => {
    await using service = await RawService.start(answers);
    const { timeout, maxRetries, ec2MetadataV1Disabled } = options;
    const region = instanceRegion({
      endpoint: service.endpoint,
      timeout,
      maxRetries,
      ec2MetadataV1Disabled,
    });

    if (isRefusal(expected.region)) await expectRefusal(region(), expected.region);
    else expect(await region()).toBe(expected.region);
  });
});
