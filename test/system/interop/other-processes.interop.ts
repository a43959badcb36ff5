import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../support/child-process.js";
import { snippetsOf, theSnippet } from "../docs/snippets.js";
import { linkCommand, projectWith } from "../docs/test-runs.js";
import { lacks } from "./debian.js";
import { requirePresent } from "./describe-client.js";

const PAGE = "docs/testing-other-processes.md";
const MINUTES = 60_000;

/** A project that has the package and these files of the page. */
async function projectOf(...fileNames: string[]): Promise<string> {
  const files = fileNames.map((fileName) => ({
    ...theSnippet(PAGE, (one) => one.fileName === fileName),
    fileName,
  }));
  const project = await projectWith([], files);
  await linkCommand(project);
  return project;
}

/** The line of the page that has these words. */
const lineWith = (words: string): string =>
  theSnippet(PAGE, (one) => one.language === "sh" && one.text.includes(words)).text.trim();

/** Runs a line in a shell, with Debian's programs first and no package from elsewhere. */
const runLine = (project: string, line: string, env: Readonly<Record<string, string>> = {}) =>
  run("sh", ["-euc", line], {
    cwd: project,
    env: {
      PATH: `/usr/bin:/usr/sbin:${process.env.PATH}`,
      npm_config_cache: join(project, "npm-cache"),
      npm_config_offline: "true",
      ...env,
    },
  });

describe("the page on other processes", { timeout: 5 * MINUTES }, () => {
  test("its Bash script sees an outage that ends", async () => {
    const project = await projectOf("outage.sh");

    expect(await runLine(project, lineWith("bash outage.sh"))).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("its script with a mock in the background gets a token, and leaves no mock", async () => {
    const project = await projectOf("background.sh");

    const { exitCode, stdout, stderr } = await runLine(project, "bash background.sh");
    const port = await runLine(project, ". ./endpoint.sh; curl --silent $AWS_EC2_METADATA_SERVICE_ENDPOINT");

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^[\w=-]{40,}$/);
    // 7: curl could not connect.
    expect(port.exitCode).toBe(7);
  });

  test("its Python tests pass", async () => {
    requirePresent(lacks("/usr/lib/python3/dist-packages/boto3", "python3-boto3")());
    const project = await projectOf("test_credentials.py");

    const { exitCode, stderr } = await runLine(project, lineWith("python3 -m unittest"));

    expect({ exitCode, ok: /^Ran 2 tests .*^OK$/ms.test(stderr) }, stderr).toEqual({ exitCode: 0, ok: true });
  });

  test("boto3 believes that short credentials live longer than they do", async () => {
    requirePresent(lacks("/usr/lib/python3/dist-packages/boto3", "python3-boto3")());
    const project = await projectOf();
    const program = [
      "import boto3, datetime",
      "expiry = boto3.Session().get_credentials()._expiry_time",
      "print((expiry - datetime.datetime.now(expiry.tzinfo)).total_seconds() / 60)",
    ];
    await writeFile(join(project, "believed_minutes.py"), program.join("\n"));
    const believedMinutes = async (ttl: string) => {
      const line = `npx ec2-role-credentials mock --ttl ${ttl} -- python3 believed_minutes.py`;
      const { stdout, stderr } = await runLine(project, line);
      return stdout === "" ? stderr : Number(stdout);
    };

    const short = await believedMinutes("5m");
    const long = await believedMinutes("30m");

    // Its refresh window of 15 minutes, and 2 to 10 more at random.
    expect(short).toBeGreaterThan(16);
    expect(short).toBeLessThanOrEqual(25);
    expect(long).toBeGreaterThan(25);
    expect(long).toBeLessThanOrEqual(30.1);
  });

  test("its Go tests pass", async () => {
    requirePresent(
      lacks("/usr/bin/go", "golang-go")() ??
        lacks("/usr/share/gocode/src/github.com/aws/aws-sdk-go-v2", "golang-github-aws-aws-sdk-go-v2-dev")(),
    );
    const project = await projectOf("credentials_test.go");
    const line = lineWith("go test").replace("go test ./...", "go test -v .");

    const { exitCode, stdout, stderr } = await runLine(project, line, {
      GO111MODULE: "off",
      GOPATH: "/usr/share/gocode",
      GOCACHE: "/tmp/ec2-role-credentials-go/cache",
    });

    expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
    expect(stdout).toMatch(/--- PASS: TestRotation .*--- PASS: TestOutageThatEnds /s);
  });

  test("its script for a fixed address runs a program of EC2's", async () => {
    requirePresent(lacks("/usr/bin/ec2-metadata", "amazon-ec2-utils")());
    const project = await projectOf("fixed-address.sh");

    const { exitCode, stdout, stderr } = await runLine(project, lineWith("bash fixed-address.sh"));

    expect({ exitCode, stdout }, stderr).toEqual({
      exitCode: 0,
      stdout: "instance-id: i-0a1b2c3d4e5f67890\n",
    });
  });

  test("has no file that is not run here or in npm test", () => {
    const names = snippetsOf(PAGE).flatMap(({ fileName }) => fileName ?? []);

    expect(names.sort()).toEqual([
      "background.sh",
      "child-process.test.ts",
      "compose.yaml",
      "credentials_test.go",
      "fixed-address.sh",
      "key_id.py",
      "outage.sh",
      "test_credentials.py",
    ]);
  });
});
