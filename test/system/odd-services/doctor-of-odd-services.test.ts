import { afterEach, describe, expect, test, vi } from "vitest";
import { runDoctor } from "../../../src/cli/doctor/doctor.js";
import { findLeaks } from "../../support/leaks.js";
import { CASES } from "./cases.js";
import { KEYS, TOKEN } from "./expectations.js";
import { RawService } from "./raw-service.js";

afterEach(() => void vi.unstubAllEnvs());

describe("the doctor", () => {
  test.each(CASES)("%s", async (_, { service: { answers }, expected, options }) => {
    await using service = await RawService.start(answers);
    vi.stubEnv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1");
    if (options.ec2MetadataV1Disabled === false) vi.stubEnv("AWS_EC2_METADATA_V1_DISABLED", "false");
    const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const role = options.roleName === undefined ? [] : ["--role", options.roleName];

    const exitStatus = await runDoctor([
      "--endpoint",
      service.endpoint,
      "--timeout",
      "10000",
      "--json",
      ...role,
    ]);

    const written = stdout.mock.calls.join("");
    const { findings }: { findings: readonly { check: string; status: string }[] } = JSON.parse(written);
    const outcomes = Object.fromEntries(findings.map(({ check, status }) => [check, status]));
    expect(outcomes).toMatchObject(expected.doctor);
    expect(exitStatus).toBe(Object.values(expected.doctor).includes("fail") ? 1 : 0);
    expect(findLeaks(written, [TOKEN, ...Object.values(KEYS)])).toEqual([]);
  });
});
