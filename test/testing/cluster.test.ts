import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run } from "../support/child-process.js";

const PROGRAM = fileURLToPath(new URL("./programs/cluster-workers.ts", import.meta.url));

test("in workers of a cluster each mock has a port of its own", async () => {
  const { exitCode, stdout, stderr } = await run(process.execPath, ["--import", "tsx", PROGRAM]);
  if (exitCode !== 0) throw new Error(stderr);
  const served: [endpoint: string, role: string][] = JSON.parse(stdout);

  expect(new Set(served.map(([endpoint]) => endpoint)).size).toBe(2);
  expect(served.map(([, role]) => role).sort()).toEqual(["role-1", "role-2"]);
});
