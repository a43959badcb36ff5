import { join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { run } from "../../support/child-process.js";
import { consumerProject, MANIFEST } from "../../support/packed-package.js";
import { handlerProject } from "./handler-program.js";
import { startServices } from "./services.js";

const nodes = inject("nodes");
const cases = nodes.flatMap(({ major, path }) =>
  (["mjs", "cjs"] as const).map((format) => ({ major, path, format })),
);

test.for(cases)("the packed package works on Node $major ($format)", async ({ major, path, format }) => {
  const services = await startServices();
  onTestFinished(() => services.close());
  const project = await handlerProject(format);

  const { stdout, stderr } = await run(path, [`main.${format}`], { cwd: project, env: services.env });

  expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^\{.*\}\n$/), stderr: "" });
  expect(JSON.parse(stdout)).toEqual(services.expected);
  expect(services.steps().filter((step) => step === "credentials")).toHaveLength(2);
  expect((await run(path, ["--version"])).stdout).toMatch(new RegExp(`^v${major}\\.`));
});

test.for(nodes)("the doctor works on Node $major", async ({ path }) => {
  const services = await startServices();
  onTestFinished(() => services.close());
  const project = await consumerProject();
  const command = join(project, "node_modules", MANIFEST.name, "dist/cli.js");

  const { exitCode, stdout } = await run(path, [command, "doctor"], { env: services.env });

  expect(stdout).toContain("This machine gets the instance role's credentials.");
  expect(exitCode).toBe(0);
});

test("the oldest of these is the oldest that package.json allows", () => {
  expect(MANIFEST.engines.node).toBe(`>=${nodes[0]?.major}`);
});
