import { describe, expect, test } from "vitest";
import { parseMockArguments } from "../../src/cli/mock-arguments.js";
import { run } from "../support/child-process.js";
import { DOCUMENTS, parseYaml, snippetsOf, theSnippet } from "./snippets.js";

const SHELL = DOCUMENTS.flatMap(snippetsOf).filter(({ language }) => language === "sh");
const SET_UP = "docs/set-up.md";

const TRUST = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
};

const inLanguage = (language: string): string =>
  theSnippet(SET_UP, (one) => one.language === language && !one.text.startsWith("npx")).text;

test("every shell command of the documents can be read by a shell", async () => {
  const script = SHELL.map(({ text }) => `(\n${text})`).join("\n");
  expect(await run("bash", ["-n", "-c", script])).toMatchObject({ exitCode: 0, stderr: "" });
  expect(SHELL.length).toBeGreaterThan(5);
});

test("every mock that the documents start has arguments which the command takes", () => {
  const lines = SHELL.flatMap(({ text }) => text.match(/^npx ec2-role-credentials mock\b.*$/gm) ?? []);
  for (const line of lines) expect(() => parseMockArguments(line.split(" ").slice(3)), line).not.toThrow();
  expect(lines.length).toBeGreaterThan(1);
});

describe("the set-up", () => {
  test("with the AWS CLI makes, fills and attaches the instance profile, and requires tokens", async () => {
    // What the shell would run, with a command of ours in the place of the AWS CLI.
    const script = `cd "$(mktemp -d)"\naws() { echo "$*"; }\nINSTANCE_ID=i-1\n${inLanguage("sh")}\ncat trust.json; rm -r "$PWD"`;
    const { exitCode, stdout } = await run("bash", ["-eu", "-c", script]);
    const lines = stdout.split("\n");
    const trust = lines.indexOf("{");

    expect(exitCode).toBe(0);
    expect(lines.slice(0, trust).map((line) => line.split(" --")[0])).toEqual([
      "iam create-role",
      "iam attach-role-policy",
      "iam create-instance-profile",
      "iam add-role-to-instance-profile",
      "ec2 associate-iam-instance-profile",
      "ec2 modify-instance-metadata-options",
    ]);
    expect(stdout).toContain("--http-tokens required --http-put-response-hop-limit 2");
    expect(JSON.parse(lines.slice(trust).join("\n"))).toEqual(TRUST);
  });

  test("with CloudFormation has a role, its instance profile, and required tokens", () => {
    const ref = (tag: string) => ({ tag, resolve: (name: string) => ({ [tag]: name }) });
    const template = parseYaml(inLanguage("yaml"), { customTags: [ref("!Ref"), ref("!GetAtt")] });

    expect(template).toMatchObject({
      Resources: {
        Role: { Type: "AWS::IAM::Role", Properties: { AssumeRolePolicyDocument: TRUST } },
        InstanceProfile: { Type: "AWS::IAM::InstanceProfile", Properties: { Roles: [{ "!Ref": "Role" }] } },
        LaunchTemplate: {
          Properties: {
            LaunchTemplateData: {
              IamInstanceProfile: { Arn: { "!GetAtt": "InstanceProfile.Arn" } },
              MetadataOptions: {
                HttpEndpoint: "enabled",
                HttpTokens: "required",
                HttpPutResponseHopLimit: 2,
              },
            },
          },
        },
      },
    });
  });

  test("with Terraform has them too, and its braces match", () => {
    const text = inLanguage("hcl");
    let depth = 0;
    for (const [brace] of text.matchAll(/[{}]/g)) {
      depth += brace === "{" ? 1 : -1;
      expect(depth).toBeGreaterThanOrEqual(0);
    }
    expect(depth).toBe(0);
    const resources = [...text.matchAll(/^resource "(\w+)" "app" \{$/gm)].map(([, type]) => type);
    expect(resources).toContain("aws_iam_instance_profile");
    // Each reference leads to a resource that is there.
    const references = [...text.matchAll(/= (aws_\w+)\.app\./g)].map(([, type]) => type);
    expect(references.filter((type) => !resources.includes(type))).toEqual([]);
    expect(text).toMatch(/http_tokens += "required"/);
    expect(text).toMatch(/http_put_response_hop_limit += 2/);
  });
});
