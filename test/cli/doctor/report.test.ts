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

/** What the command prints, and its exit status. */
async function doctor(...args: readonly string[]): Promise<{ printed: string; status: number }> {
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true).mockClear();
  const status = await runDoctor(["--endpoint", listener.endpoint, ...args]);
  return { printed: stdout.mock.calls.join(""), status };
}

const FIX = "When the CloudWatch metric MetadataNoToken of the instance stays 0, require IMDSv2:";

test("it works, with a warning: the end counts it, and names what to do first", async () => {
  const { printed, status } = await doctor();
  expect(status).toBe(0);
  expect(printed).toContain(
    `\nThis machine gets the instance role's credentials, with 1 warning.\nDo this first: ${FIX}`,
  );
});

test("it works, with two warnings", async () => {
  imds.setMetadata("placement/region", "nowhere");
  expect((await doctor()).printed).toContain("credentials, with 2 warnings.\n");
});

test("it works without warnings: there is nothing to do first", async () => {
  await using closed = await createMockImds().listen();
  const { printed } = await doctor("--endpoint", closed.endpoint);
  expect(printed.trimEnd().split("\n").at(-1)).toBe("This machine gets the instance role's credentials.");
});

test("a check failed: its fix comes first, though there are warnings before it", async () => {
  imds.detachRole();
  const { printed, status } = await doctor();
  expect(status).toBe(1);
  expect(printed).toContain(
    "\nThis machine cannot get the instance role's credentials: 1 check failed.\nDo this first: Attach an instance profile that contains a role:\naws ec2 associate-iam-instance-profile ",
  );
});

test("skipped checks are one line", async () => {
  await listener.close();
  const { printed } = await doctor();
  expect(printed.replace(/\n +/g, " ")).toContain(
    'skipped   7 checks          Skipped because "connection" failed: session token, IMDSv1, instance profile, role, credentials, clock, region.',
  );
});

test("a command is one line, however narrow the terminal, so that it can be copied", async () => {
  const { columns } = process.stdout;
  process.stdout.columns = 60;
  const { printed } = await doctor();
  process.stdout.columns = columns;
  expect(printed).toMatch(
    /^ {2}aws ec2 modify-instance-metadata-options --instance-id i-\w+ --region us-east-1 --http-tokens required$/m,
  );
});

test("in a narrow terminal the text is below its label, and names stay whole", async () => {
  const { columns } = process.stdout;
  process.stdout.columns = 60;
  vi.stubEnv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2");
  const { printed } = await doctor();
  process.stdout.columns = columns;
  expect(printed).toMatch(/1 retry\s+\(AWS_METADATA_SERVICE_NUM_ATTEMPTS\)/);
  expect(printed).toMatch(/^ok {8}role\n {2}EC2 can assume the role mock-role\.$/m);
  for (const line of printed.split("\n").filter((line) => !line.includes("aws ")))
    expect(line.length).toBeLessThanOrEqual(60);
});

test("no text of the service controls the terminal", async () => {
  const evil = "arn:aws:iam::1:instance-profile/\u001b[2J\u009b31m\u202eevil\u0007";
  imds.setMetadata("iam/info", JSON.stringify({ Code: "Success", InstanceProfileArn: evil }));
  const { printed } = await doctor();
  expect(printed).toContain("instance-profile/");
  expect(printed.replaceAll("\n", "")).toMatch(/^[\x20-\x7e…]*$/);
});

test("--json: the status, the findings and what to do first, in ASCII", async () => {
  imds.setMetadata(
    "iam/info",
    JSON.stringify({ Code: "Success", InstanceProfileArn: "arn:aws:iam::1:instance-profile/\u00e9" }),
  );
  const { printed } = await doctor("--json");
  expect(printed.replaceAll("\n", "")).toMatch(/^[\x20-\x7e]*$/);
  const report: unknown = JSON.parse(printed);
  expect(report).toMatchObject({
    status: "ok",
    doThisFirst: expect.stringContaining(FIX),
    findings: expect.arrayContaining([
      { check: "role", status: "ok", message: "EC2 can assume the role mock-role." },
      { check: "IMDSv1", status: "warning", message: expect.any(String), fix: expect.stringContaining(FIX) },
    ]),
  });
});
