import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createMockImds } from "../../../src/testing/index.js";
import { run } from "../../support/child-process.js";
import { runProgram } from "../../support/programs.js";
import { GUIDES, javaScriptOf, linksOf, snippetsOf, testTitles, theSnippet } from "./snippets.js";
import { outcomesOf, projectWith, VITEST } from "./test-runs.js";

const TEST_OF_README = theSnippet("README.md", ({ text }) => text.includes('"ec2-role-credentials/testing"'));

test("the README's test passes, copied into a project that has the package, msw and vitest", async () => {
  const project = await projectWith(
    ["msw", "vitest"],
    [{ ...TEST_OF_README, fileName: "credentials.test.ts" }],
  );

  const outcomes = await outcomesOf(project, VITEST);

  expect([...outcomes]).toEqual([["new credentials are picked up", "passed"]]);
  expect(testTitles(TEST_OF_README)).toEqual(["new credentials are picked up"]);
});

test("the first test of the guide passes: credentials survive an outage and are replaced after it", async () => {
  const snippet = theSnippet("docs/get-started.md", ({ fileName }) => fileName === "outage.test.js");
  const project = await projectWith(["msw", "vitest"], [{ ...snippet, fileName: "outage.test.js" }]);

  const outcomes = await outcomesOf(project, VITEST);

  expect([...outcomes]).toEqual(testTitles(snippet).map((title) => [title, "passed"]));
  expect(outcomes.size).toBe(1);
});

test.for(["README.md", "docs/get-started.md"])(
  "the first call of %s prints credentials",
  async (document) => {
    const imds = createMockImds();
    const listener = await imds.listen();
    onTestFinished(() => listener.close());
    const snippet = theSnippet(document, ({ fileName }) => fileName === "first-call.mjs");

    const { stdout } = await runProgram(await projectWith([], []), "mjs", javaScriptOf(snippet), {
      env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint },
    });

    expect(stdout).toMatch(new RegExp(`^${imds.credentials?.accessKeyId}`));
  },
);

test("no link of the README needs the repository: it is also read on npm's page", () => {
  expect(linksOf("README.md").filter((link) => !/^(https:\/\/|#)/.test(link))).toEqual([]);
});

test("the README names every document that the package contains for users", async () => {
  const text = readFileSync(resolve(import.meta.dirname, "../../../README.md"), "utf8");
  const named = [...text.matchAll(/`([a-z0-9-]+\.md)`/g)].map(([, name = ""]) => `docs/${name}`);

  // The start page of the site is the README itself.
  expect(named.sort()).toEqual(GUIDES.filter((guide) => basename(guide) !== "index.md").sort());
});

/** All of the README's TypeScript that belongs together, as one module. */
const README_EXAMPLE = snippetsOf("README.md")
  .filter(({ language, text }) => language === "ts" && text !== TEST_OF_README.text)
  .map(({ text }) => text)
  .join("\n");

const STRICT = {
  target: "es2022",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
};

async function compile(fileName: string, text: string, options: object, installed: readonly string[]) {
  const project = await projectWith(["typescript", "@types/node", ...installed], [{ fileName, text }]);
  const tsconfig = { compilerOptions: { ...STRICT, ...options }, files: [fileName] };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(tsconfig));
  const { stdout } = await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], {
    cwd: project,
  });
  return stdout;
}

const NODE16 = { module: "node16", moduleResolution: "node16" };
const BUNDLER = { module: "esnext", moduleResolution: "bundler" };

describe("the README compiles, strict", () => {
  const clients = ["@aws-sdk/client-s3", "@aws-sdk/credential-providers", "msw", "vitest"];
  const options = { skipLibCheck: true, lib: ["es2022", "dom"] };

  test.for([
    ["node16", "example.mts", NODE16],
    ["bundler", "example.ts", BUNDLER],
  ] as const)("with moduleResolution %s", async ([, fileName, resolution]) => {
    expect(await compile(fileName, README_EXAMPLE, { ...options, ...resolution }, clients)).toBe("");
    expect(await compile(fileName, TEST_OF_README.text, { ...options, ...resolution }, clients)).toBe("");
  });
});

const WITHOUT_CLIENTS = `
import { expiredTokenPlugin, fromInstanceRole, InstanceMetadataClient, InstanceMetadataError, instanceRegion, refreshAhead } from "ec2-role-credentials";
const credentials = fromInstanceRole({ logger: console });
export const plugin = expiredTokenPlugin(credentials);
export const region: () => Promise<string> = instanceRegion();
export const id: Promise<string> = new InstanceMetadataClient().instanceId();
export const code = credentials.status().lastError?.code;
export const assumed = refreshAhead(credentials, { name: "assumed" }).status().expiration;
export const isOurs = (error: unknown) => error instanceof InstanceMetadataError && error.code === "NO_ROLE_ATTACHED";
`;

test.for([
  ["node16, an ES module", "example.mts", NODE16],
  ["node16, CommonJS", "example.cts", NODE16],
  ["bundler", "example.ts", BUNDLER],
] as const)(
  "the package's own types are checked too, without skipLibCheck and with lib es2022: %s",
  async ([, fileName, resolution]) => {
    const options = { skipLibCheck: false, lib: ["es2022"], ...resolution };
    expect(await compile(fileName, WITHOUT_CLIENTS, options, [])).toBe("");
  },
);
