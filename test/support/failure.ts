import { expect } from "vitest";
import { InstanceMetadataError } from "../../src/index.js";

/** The error that a promise rejects with. That it does not reject, or with another kind of error, fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<InstanceMetadataError> {
  const error: unknown = await promise.then(
    (value) => {
      throw new Error(`it resolved to ${JSON.stringify(value)}`);
    },
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InstanceMetadataError);
  return error as InstanceMetadataError;
}
