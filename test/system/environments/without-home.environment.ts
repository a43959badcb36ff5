import { cp, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { consumerProject, MANIFEST } from "../../support/packed-package.js";
import { runBesideImds } from "./beside-imds.js";

/** No `HOME`, none of the variables that name the shared files, and a user whom `/etc/passwd` does not know. */
const WITHOUT_HOME: readonly string[] = [
  "env",
  ...["HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"].flatMap((variable) => ["-u", variable]),
  "unshare",
  "--user",
  "--map-user=54321",
];

const runtimes = inject("otherRuntimes");
const ALLOWED = ["--allow-env", "--allow-read", "--allow-sys", "--allow-net=127.0.0.1"];

const RUNTIMES: readonly (readonly [name: string, command: readonly string[]])[] = [
  ...inject("nodes").map(({ major, path }) => [`Node ${major}`, [path]] as const),
  ["Bun", [runtimes.bun, "run", "--no-install"]],
  ["Deno", [runtimes.deno, "run", "--no-remote", ...ALLOWED]],
];

async function projectWith(program: string): Promise<string> {
  const project = await consumerProject();
  // Deno finds a package only where this file names it.
  const dependencies = { [MANIFEST.name]: "*" };
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, dependencies }));
  await cp(join(import.meta.dirname, "programs", program), join(project, program));
  return join(project, program);
}

describe.for(RUNTIMES)("%s", ([, command]) => {
  test("no home directory counts as no shared files", async () => {
    const program = await projectWith("without-home.mjs");
    // Deno wants a directory for what it compiles.
    const cache = `DENO_DIR=${await mkdtemp(join(inject("runDirectory"), "deno-"))}`;

    const { exitCode, stdout, stderr, accessKeyId } = await runBesideImds([
      ...["env", cache, ...WITHOUT_HOME],
      ...command,
      program,
    ]);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      home: "none",
      accessKeyId,
      roleName: "mock-role",
      stale: false,
      region: "eu-central-1",
      hasId: true,
    });
  });
});

test.for(inject("nodes"))("the doctor works without a home directory on Node $major", async ({ path }) => {
  const command = join(await consumerProject(), "node_modules", MANIFEST.name, "dist/cli.js");

  const { exitCode, stdout, stderr } = await runBesideImds([
    ...WITHOUT_HOME,
    path,
    command,
    "doctor",
    "--json",
  ]);

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const { findings } = JSON.parse(stdout);
  expect(findings).toContainEqual(expect.objectContaining({ check: "credentials", status: "ok" }));
});
