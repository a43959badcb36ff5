import { describe, expect, test } from "vitest";
import { parseMockArguments } from "../../../src/cli/mock/arguments.js";
import { run } from "../../support/child-process.js";
import { DOCUMENTS, parseYaml, snippetsOf, theSnippet } from "./snippets.js";

const SHELL = DOCUMENTS.flatMap(snippetsOf).filter(({ language }) => language === "sh");
const SET_UP = "docs/set-up.md";

const TRUST = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
};

const inLanguage = (language: string): string => theSnippet(SET_UP, (one) => one.language === language).text;

const withCommand = (command: string): string =>
  theSnippet(SET_UP, ({ language, text }) => language === "sh" && text.includes(command)).text;

/** The AWS CLI calls that a shell script makes: a function of ours takes the CLI's place and records them. */
async function awsCallsOf(script: string, settings = ""): Promise<string[]> {
  const whole = `cd "$(mktemp -d)"\naws() { echo "$*" | tee -a asked; }\n${settings}\n{ ${script} } > output; cat asked; test ! -e trust.json || cat trust.json; rm -r "$PWD"`;
  const { exitCode, stdout, stderr } = await run("bash", ["-eu", "-c", whole]);
  expect(exitCode, stderr).toBe(0);
  return stdout.trimEnd().split("\n");
}

test("every shell snippet of the documents has valid syntax", async () => {
  const script = SHELL.map(({ text }) => `(\n${text})`).join("\n");
  expect(await run("bash", ["-n", "-c", script])).toMatchObject({ exitCode: 0, stderr: "" });
  expect(SHELL.length).toBeGreaterThan(5);
});

test("every mock that the documents start has valid arguments", () => {
  const lines = SHELL.flatMap(({ text }) => text.match(/^npx ec2-role-credentials mock\b.*$/gm) ?? []);
  for (const line of lines) expect(() => parseMockArguments(line.split(" ").slice(3)), line).not.toThrow();
  expect(lines.length).toBeGreaterThan(1);
});

describe("the set-up", () => {
  test("with the AWS CLI creates and attaches the instance profile with the role, and requires tokens", async () => {
    const lines = await awsCallsOf(withCommand("create-role"));
    const trust = lines.indexOf("{");

    expect(lines.slice(0, trust).map((line) => line.split(" --")[0])).toEqual([
      "iam create-role",
      "iam attach-role-policy",
      "iam create-instance-profile",
      "iam wait instance-profile-exists",
      "iam add-role-to-instance-profile",
      "ec2 associate-iam-instance-profile",
      "ec2 modify-instance-metadata-options",
    ]);
    for (const line of lines.filter((one) => one.startsWith("ec2 "))) {
      expect(line).toMatch(/ --instance-id i-[0-9a-f]{17} /);
    }
    expect(lines[trust - 1]).toContain("--http-tokens required --http-put-response-hop-limit 2");
    expect(JSON.parse(lines.slice(trust).join("\n"))).toEqual(TRUST);
  });

  test("with the AWS CLI replaces the instance profile, by the id of its association", async () => {
    const [found, replaced, ...others] = await awsCallsOf(withCommand("replace-iam"), "INSTANCE_ID=i-1");

    expect(found).toMatch(/^ec2 describe-iam-instance-profile-associations .*Name=instance-id,Values=i-1 /);
    // Our function prints its own call, which is thus the association's id.
    expect(replaced).toBe(
      `ec2 replace-iam-instance-profile-association --association-id ${found} --iam-instance-profile Name=app`,
    );
    expect(others).toEqual([]);
  });

  test("with CloudFormation creates a role and its instance profile, and requires tokens", () => {
    const ref = (tag: string) => ({ tag, resolve: (name: string) => ({ [tag]: name }) });
    const template = parseYaml(inLanguage("yaml"), { customTags: [ref("!Ref"), ref("!GetAtt")] });

    expect(withCommand("cloudformation")).toMatch(
      /^aws cloudformation deploy [\s\S]* --capabilities CAPABILITY_IAM$/m,
    );
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

  test("with Terraform creates them too, and its braces match", () => {
    const text = inLanguage("hcl");
    let depth = 0;
    for (const [brace] of text.matchAll(/[{}]/g)) {
      depth += brace === "{" ? 1 : -1;
      expect(depth).toBeGreaterThanOrEqual(0);
    }
    expect(depth).toBe(0);
    const resources = [...text.matchAll(/^resource "(\w+)" "app" \{$/gm)].map(([, type]) => type);
    expect(resources).toContain("aws_iam_instance_profile");
    // Each reference is to a resource that exists.
    const references = [...text.matchAll(/= (aws_\w+)\.app\./g)].map(([, type]) => type);
    expect(references.filter((type) => !resources.includes(type))).toEqual([]);
    const variables = [...text.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => `variable "${name}" {`);
    expect(variables.filter((declaration) => !text.includes(declaration))).toEqual([]);
    expect(text).toMatch(/http_tokens += "required"/);
    expect(text).toMatch(/http_put_response_hop_limit += 2/);
  });
});
