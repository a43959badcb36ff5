import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { run } from "../../support/child-process.js";
import { inNamespace } from "../interop/namespace.js";
import { handlerProject } from "./handler-program.js";
import type { Runtime } from "./installed.js";

const runtimes = inject("runtimes");
const WITH_SERVICES = join(import.meta.dirname, "programs/with-services.ts");

/** What {@link WITH_SERVICES} prints. */
interface Report {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly expected: object;
  readonly steps: readonly string[];
}

const RUN: Readonly<Record<Runtime, readonly string[]>> = {
  bun: ["run", "--no-install"],
  // What a program that uses the library must be allowed.
  deno: ["run", "--no-remote", "--allow-env", "--allow-read", "--allow-sys", "--allow-net=127.0.0.1"],
};

async function runBesideServices(runtime: Runtime, file: string): Promise<Report> {
  const program = [
    process.execPath,
    "--import",
    "tsx",
    WITH_SERVICES,
    runtimes[runtime],
    ...RUN[runtime],
    file,
  ];
  const [unshare = "", ...args] = inNamespace(program, "loopback");
  const { stdout, stderr } = await run(unshare, args);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

const cases = (["bun", "deno"] as const).flatMap((runtime) =>
  (["mjs", "cjs"] as const).map((format) => ({ runtime, format })),
);

test.for(cases)("the packed package works on $runtime ($format)", async ({ runtime, format }) => {
  const project = await handlerProject(format);

  const { expected, steps, ...ended } = await runBesideServices(runtime, join(project, `main.${format}`));

  expect(ended).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^\{.*\}\n$/), stderr: "" });
  expect(JSON.parse(ended.stdout)).toEqual(expected);
  expect(steps.filter((step) => step === "credentials")).toHaveLength(2);
});
