const { fromInstanceRole } = require("ec2-role-credentials");
const { createMockImds } = require("ec2-role-credentials/testing");
const { readReport } = require("./reports");

const imds = createMockImds({ roleName: "report-reader" });
let listener;
beforeAll(async () => {
  listener = await imds.listen();
  process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = listener.endpoint;
});
afterEach(() => imds.reset());
afterAll(() => listener.close());

test("the credentials are those of the instance's role", async () => {
  const credentials = fromInstanceRole();

  expect(await credentials()).toMatchObject({ accessKeyId: imds.credentials.accessKeyId });
  expect(credentials.status().roleName).toBe("report-reader");
});

test("without a role, a report cannot be read, and the error says why", async () => {
  imds.detachRole();

  await expect(readReport("today")).rejects.toMatchObject({ code: "NO_ROLE_ATTACHED" });
});
