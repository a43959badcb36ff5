import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { run } from "../../support/child-process.js";
import { runProgram } from "../../support/programs.js";
import { javaScriptOf, promisedOutput, snippetsOf } from "../docs/snippets.js";
import { recipeProject } from "./recipe-project.js";
import { type RecipeServices, startServices } from "./services.js";

const PAGES = readdirSync(resolve(import.meta.dirname, "../../../docs/recipes")).map(
  (name) => `docs/recipes/${name}`,
);

const RECIPES = PAGES.flatMap(snippetsOf)
  .filter(({ language }) => language === "ts")
  .map((snippet) => ({ ...snippet, title: `${snippet.document}:${snippet.line}` }));

/** What a service must have seen of a recipe, by its page; all that it saw must have been signed well. */
const SEEN: Readonly<Record<string, (services: RecipeServices) => boolean>> = {
  "role-arn-profile": ({ signed }) => signed.calls.some(({ service }) => service === "sts"),
  "sdk-v2": ({ s3 }) => s3.calls.length === 2,
  "old-sdk-versions": ({ s3 }) => s3.calls.length === 2,
  minio: ({ s3 }) => s3.calls.filter(({ operation }) => operation === "UploadPart").length === 3,
  opensearch: ({ signed }) => signed.calls.some(({ service }) => service === "es"),
  bedrock: ({ signed }) => signed.calls.some(({ service }) => service === "bedrock"),
  mongodb: ({ mongodb }) => mongodb.logins > 0,
};

let project: string;
let oldProject: string;

beforeAll(async () => {
  project = await recipeProject();
  oldProject = await recipeProject({ "@aws-sdk/client-s3": "client-s3-3.300.0" });
});

const projectOf = (document: string): string =>
  document.endsWith("old-sdk-versions.md") ? oldProject : project;

const COMPILER_OPTIONS = {
  target: "es2022",
  lib: ["es2022", "dom", "esnext.disposable"],
  types: ["node"],
  module: "nodenext",
  moduleResolution: "nodenext",
  esModuleInterop: true,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

test("every recipe compiles against the package as it is published", async () => {
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
  for (const { title, text } of RECIPES) {
    await writeFile(join(project, `${title.replace(/\W+/g, "-")}.ts`), text);
  }
  const options = { compilerOptions: COMPILER_OPTIONS, include: ["*.ts"] };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(options));

  const tsc = await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { cwd: project });

  expect(tsc).toMatchObject({ exitCode: 0, stdout: "" });
});

describe("a recipe runs as it stands", () => {
  test.for(RECIPES)("$title", async (recipe) => {
    const services = await startServices();
    const { env, s3, signed } = services;

    const { stdout } = await runProgram(projectOf(recipe.document), "mjs", javaScriptOf(recipe), { env });

    const promised = promisedOutput(recipe);
    expect(promised).not.toEqual([]);
    for (const line of promised) expect(stdout).toMatch(line);
    const [, page = ""] = /([^/]+)\.md$/.exec(recipe.document) ?? [];
    expect(SEEN[page]?.(services) ?? true).toBe(true);
    expect(s3.calls.filter(({ status }) => status !== 200)).toEqual([]);
    expect(signed.calls.filter(({ isSigned }) => !isSigned)).toEqual([]);
  });
});
