import { resolve } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { createMockImds } from "../../../src/testing/index.js";
import { consumerProject } from "../../support/packed-package.js";
import { runProgram } from "../../support/programs.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const MODEL = process.allowedNodeEnvironmentFlags.has("--permission")
  ? "--permission"
  : "--experimental-permission";

test("Node's permission model keeps the config file from the process: it counts as empty", async () => {
  const imds = createMockImds();
  const listener = await imds.listen();
  onTestFinished(() => listener.close());
  const flags = [MODEL, "--no-warnings", "--allow-net"].filter(
    (flag) => flag !== "--allow-net" || process.allowedNodeEnvironmentFlags.has(flag),
  );
  for (const readable of [ROOT, inject("runDirectory")]) flags.push(`--allow-fs-read=${readable}/*`);
  const source = `
    import { fromInstanceRole } from "ec2-role-credentials";
    const isRefused = !process.permission.has("fs.read", process.env.AWS_CONFIG_FILE);
    const { accessKeyId } = await fromInstanceRole()();
    console.log(JSON.stringify({ isRefused, accessKeyId }));`;

  const { stdout } = await runProgram(await consumerProject(), "mjs", source, {
    flags,
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint },
  });

  expect(JSON.parse(stdout)).toEqual({ isRefused: true, accessKeyId: imds.credentials?.accessKeyId });
});
