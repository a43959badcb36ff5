import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runDoctor } from "../../../src/cli/doctor/doctor.js";
import { createMockImds, type MockImds, type MockListener } from "../../../src/testing/index.js";

let imds: MockImds;
let listener: MockListener;

beforeEach(async () => {
  imds = createMockImds({ imdsV1: true });
  listener = await imds.listen();
});

afterEach(() => {
  vi.unstubAllEnvs();
  return listener.close();
});

/** What the command writes, and its exit status. */
async function doctor(...args: readonly string[]): Promise<{ written: string; status: number }> {
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true).mockClear();
  const status = await runDoctor(["--endpoint", listener.endpoint, ...args]);
  return { written: stdout.mock.calls.join(""), status };
}

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

test("it works, with a warning: the last line counts it", async () => {
  const { written, status } = await doctor();
  expect(status).toBe(0);
  expect(lastLine(written)).toBe(
    "It works: with these settings, this machine gets the role's credentials; 1 warning above.",
  );
});

test("with two warnings", async () => {
  imds.fail({ on: "metadata", after: 3, status: 404 });
  expect(lastLine((await doctor()).written)).toContain("; 2 warnings above.");
});

test("in a narrow terminal the text stands below its label, and names stay whole", async () => {
  const { columns } = process.stdout;
  process.stdout.columns = 60;
  vi.stubEnv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2");
  const { written } = await doctor();
  process.stdout.columns = columns;
  expect(written).toMatch(/1 retry\s+\(AWS_METADATA_SERVICE_NUM_ATTEMPTS\)/);
  expect(written).toMatch(/^ok {8}role\n {2}EC2 can assume the role mock-role\.$/m);
  for (const line of written.split("\n")) expect(line.length).toBeLessThanOrEqual(60);
});

test("nothing that the service says steers the terminal", async () => {
  const evil = "arn:aws:iam::1:instance-profile/\u001b[2J\u009b31m\u202eevil\u0007";
  const body = JSON.stringify({ Code: "Success", InstanceProfileArn: evil });
  imds.fail({ on: "metadata", after: 1, body, times: 1 });
  const { written } = await doctor();
  expect(written).toContain("instance-profile/?[2J?31m?evil?");
  expect(written.replaceAll("\n", "")).toMatch(/^[\x20-\x7e…]*$/);

  imds.reset();
  imds.fail({ on: "metadata", after: 1, body, times: 1 });
  const { written: json } = await doctor("--json");
  expect(json.replaceAll("\n", "")).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(json)).toMatchObject({ verdict: "healthy" });
  expect(json).toContain("\\u009b31m");
});
