import { expect, inject, test } from "vitest";
import { run } from "../../support/child-process.js";
import { describeProxySafety, skillsOf } from "./describe-proxy-safety.js";

const nodes = await Promise.all(
  inject("nodes").map(async (node) => ({ ...node, skills: await skillsOf(node.path) })),
);

test("Node 20, 22, 24 and 26 are here; all but 20 obey NODE_USE_ENV_PROXY", async () => {
  expect(nodes.map(({ major, skills }) => [major, skills.environment])).toEqual([
    [20, false],
    [22, true],
    [24, true],
    [26, true],
  ]);
  for (const { major, path } of nodes) {
    expect((await run(path, ["--version"])).stdout).toMatch(new RegExp(`^v${major}\\.`));
  }
});

for (const { major, path, skills } of nodes) describeProxySafety(`Node ${major}`, path, skills);
