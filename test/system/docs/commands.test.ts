import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { parseMockArguments } from "../../../src/cli/mock/arguments.js";
import { InstanceMetadataClient } from "../../../src/index.js";
import { createMockImds } from "../../../src/testing/index.js";
import { CLEAN_ENVIRONMENT, run } from "../../support/child-process.js";
import { parseYaml, snippetsOf, theSnippet } from "./snippets.js";
import { linkCommand, projectWith } from "./test-runs.js";

/** A user's test that needs nothing but the package and a metadata service. */
const ROLE_TEST = `
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromInstanceRole } from "ec2-role-credentials";

test("the role's credentials are there", async () => {
  assert.match((await fromInstanceRole()()).accessKeyId, /^ASIA/);
});
`;

const OTHER_PROCESSES = "docs/testing-other-processes.md";
const MOCK_COMMAND = /^npx ec2-role-credentials mock\b.*$/m;

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image?: string;
        readonly build?: string;
        readonly command?: string;
        readonly environment?: Readonly<Record<string, string>>;
        readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
        readonly healthcheck?: { readonly test: readonly string[] };
      }
    >
  >;
}

/** Runs a command in a shell, in a project that has the package, until the test is over. @returns the first line of its output */
async function firstLineOf(line: string): Promise<string> {
  const project = await projectWith([], []);
  await linkCommand(project);
  const child = spawn("sh", ["-c", `exec ${line}`], {
    cwd: project,
    detached: true,
    env: { ...CLEAN_ENVIRONMENT, npm_config_cache: join(project, "npm-cache"), npm_config_offline: "true" },
  });
  const complaints = text(child.stderr);
  onTestFinished(() => {
    // npx has children of its own, in the group that `detached` made.
    if (child.pid && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  });
  for await (const first of createInterface({ input: child.stdout })) return first;
  throw new Error(`it ended without a line\n${await complaints}`);
}

test("the command in the testing guide serves metadata at the address it prints", async () => {
  const snippet = theSnippet(OTHER_PROCESSES, ({ text }) => text.includes("--role my-role --ttl"));
  // The usual port may be in use.
  const line = await firstLineOf(`${snippet.text.trim()} --port 0`);

  const [, endpoint = ""] =
    /^export AWS_EC2_METADATA_SERVICE_ENDPOINT=(http:\/\/127\.0\.0\.1:\d+\/)$/.exec(line) ?? [];
  const client = new InstanceMetadataClient({ endpoint });
  expect(await client.get("/latest/meta-data/iam/security-credentials/")).toBe("my-role");
});

/** Everything that a document has a newcomer do against the mock. */
const againstTheMock = (document: string): string =>
  snippetsOf(document)
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.match(/^npx ec2-role-credentials mock -- .*$/gm) ?? [])
    .join("\n");

test.for(["README.md", "docs/get-started.md"])(
  "a newcomer's first call and the doctor run as in %s",
  async (document) => {
    const call = theSnippet(document, ({ fileName }) => fileName === "first-call.mjs");
    const project = await projectWith([], [{ ...call, fileName: "first-call.mjs" }]);
    await linkCommand(project);
    const script = againstTheMock(document);

    const { exitCode, stdout, stderr } = await run("sh", ["-euc", script], {
      cwd: project,
      env: { npm_config_cache: join(project, "npm-cache"), npm_config_offline: "true", NO_COLOR: "1" },
    });

    expect(script).toMatch(/ node first-call\.mjs\n.* doctor$/s);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^ASIA[A-Z0-9]{16}/);
    expect(stdout).toContain("mock-role");
  },
);

test("the command that runs `npm test` with a mock works in a project of its own", async () => {
  const { text: line } = theSnippet(OTHER_PROCESSES, (one) => one.text.trim().endsWith("mock -- npm test"));
  const project = await projectWith([], [{ fileName: "role.test.mjs", text: ROLE_TEST }]);
  await linkCommand(project);
  const manifest = { name: "service", private: true, scripts: { test: "node --test role.test.mjs" } };
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
  const inProject = (command: string) =>
    run("sh", ["-euc", command], {
      cwd: project,
      env: { npm_config_cache: join(project, "npm-cache"), npm_config_offline: "true" },
    });

  const passing = await inProject(line.trim());
  const failing = await inProject(line.trim().replace("mock --", "mock --no-role --"));

  expect(passing.exitCode, passing.stdout + passing.stderr).toBe(0);
  expect(passing.stdout).toMatch(/the role's credentials are there/);
  expect(failing.exitCode).toBe(1);
});

test("the compose file starts the mock where the service looks for it", () => {
  const snippet = theSnippet(OTHER_PROCESSES, (one) => one.fileName === "compose.yaml");

  const { services } = parseYaml(snippet.text) as Compose;

  const { imds, service } = services;
  const command = imds?.command ?? "";
  expect(command).toMatch(MOCK_COMMAND);
  const { host, port } = parseMockArguments(command.split(" ").slice(3));
  expect(host).toBe("0.0.0.0");
  expect(imds?.healthcheck?.test).toEqual(["CMD", "node", "-e", `fetch('http://127.0.0.1:${port}')`]);
  expect(service?.environment).toEqual({ AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://imds:${port}` });
  expect(service?.depends_on).toEqual({ imds: { condition: "service_healthy" } });
});

test("what the compose file asks is answered by a mock, and by nothing else", async () => {
  const listener = await createMockImds().listen();
  onTestFinished(() => listener.close());
  const ask = (endpoint: string) => run(process.execPath, ["-e", `fetch('${endpoint}')`]);

  expect(await ask(listener.endpoint)).toMatchObject({ exitCode: 0 });
  await listener.close();
  expect(await ask(listener.endpoint)).toMatchObject({ exitCode: 1 });
});
