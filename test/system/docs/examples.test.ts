import { mkdir, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createMockImds } from "../../../src/testing/index.js";
import { run } from "../../support/child-process.js";
import { runProgram } from "../../support/programs.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";
import { installOpenTelemetry, OPENTELEMETRY } from "./opentelemetry.js";
import { DOCUMENTS, GUIDES, javaScriptOf, promisedOutput, type Snippet, snippetsOf } from "./snippets.js";
import { projectWith } from "./test-runs.js";

const isTypeScript = ({ language }: Snippet): boolean => language === "ts";
const isCommonJs = ({ text }: Snippet): boolean => / = require\("/.test(text);

/** In the README each example continues the previous one; its test is a file of its own. */
function readmeAsOne(): Snippet[] {
  const parts = snippetsOf("README.md").filter(isTypeScript);
  const [first, ...rest] = parts.filter(({ text }) => !text.includes("ec2-role-credentials/testing"));
  if (!first) throw new Error("the README has no example");
  return [{ ...first, text: [first, ...rest].map(({ text }) => text).join("\n") }];
}

const titled = (snippet: Snippet) => ({ ...snippet, title: `${snippet.document}:${snippet.line}` });

/** The examples that stand alone. Those with a file name have tests of their own. */
const EXAMPLES = [
  ...readmeAsOne(),
  ...GUIDES.flatMap(snippetsOf).filter((one) => isTypeScript(one) && one.fileName === undefined),
].map(titled);
const PLAIN_JAVASCRIPT = DOCUMENTS.flatMap(snippetsOf)
  .filter(({ language, fileName }) => language === "js" && fileName === undefined)
  .map(titled);
const NAMED = GUIDES.flatMap(snippetsOf).flatMap(({ fileName, ...snippet }) =>
  isTypeScript({ ...snippet, fileName }) && fileName ? [{ ...snippet, fileName }] : [],
);

/** The packages that an example imports, without the package itself. */
function packagesOf({ text }: Snippet): string[] {
  const imports = / (?:from |= require\()"((?:@[^/"]+\/)?[^./"][^/"]*)/g;
  const names = [...text.matchAll(imports)].map(([, name = ""]) => name);
  return [...new Set(names)].filter((name) => !isBuiltin(name) && name !== "ec2-role-credentials");
}

const COMPILER_OPTIONS = {
  target: "es2022",
  lib: ["es2022", "dom", "esnext.disposable"],
  types: ["node"],
  module: "nodenext",
  moduleResolution: "nodenext",
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

test("every example of the documents compiles against the package as it is published", async () => {
  const imported = new Set([...EXAMPLES, ...NAMED].flatMap(packagesOf));
  const installed = [...imported].filter((name) => name !== OPENTELEMETRY);
  const project = await projectWith([...installed, "typescript", "@types/node"], NAMED);
  await installOpenTelemetry(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
  for (const { title, text } of EXAMPLES) {
    await writeFile(join(project, `${title.replace(/\W+/g, "-")}.ts`), text);
  }
  await writeFile(
    join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ["*.ts"] }),
  );

  const tsc = await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { cwd: project });

  expect(tsc).toMatchObject({ exitCode: 0, stdout: "" });
});

describe("an example runs as it stands, against a mocked IMDS and an S3 that verifies", () => {
  test.for([...EXAMPLES, ...PLAIN_JAVASCRIPT])("$title", async (example) => {
    const imds = createMockImds({ region: "eu-central-1" });
    const [listener, s3] = [await imds.listen(), new S3Endpoint()];
    onTestFinished(async () => {
      await Promise.all([listener.close(), s3.close()]);
    });
    if (imds.credentials) s3.accept(imds.credentials);
    const project = await projectWith(packagesOf(example), []);
    await mkdir(join(project, "home"));

    const { stdout } = await runProgram(project, isCommonJs(example) ? "cjs" : "mjs", javaScriptOf(example), {
      env: {
        AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint,
        AWS_ENDPOINT_URL_S3: await s3.listen(),
        HOME: join(project, "home"),
      },
    });

    if (example.text.includes("console")) expect(stdout).not.toBe("");
    for (const promised of promisedOutput(example)) expect(stdout).toMatch(promised);
    expect(s3.calls.filter(({ status }) => status !== 200)).toEqual([]);
  });
});
