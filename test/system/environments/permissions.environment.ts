import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { expect, inject, test } from "vitest";
import { consumerProject } from "../../support/packed-package.js";
import { runBesideImds } from "./beside-imds.js";

const ROOT = resolve(import.meta.dirname, "../../..");

/** Since Node 25 the permission model covers the network too. */
const isNetworkCovered = (major: number): boolean => major >= 25;

const SOURCE = `
  import { fromInstanceRole } from "ec2-role-credentials";
  const provider = fromInstanceRole();
  const outcome = await provider().then(
    ({ accessKeyId }) => ({ accessKeyId }),
    ({ code, attempts, cause }) => ({ code, attempts, cause: cause?.code }),
  );
  console.log(JSON.stringify({ mayReadConfig: process.permission.has("fs.read", process.env.AWS_CONFIG_FILE), ...outcome }));
`;

async function runWithPermissions(path: string, major: number, flags: readonly string[]) {
  const program = join(await consumerProject(), "program.mjs");
  await writeFile(program, SOURCE);
  const model = major < 24 ? "--experimental-permission" : "--permission";
  const readable = [ROOT, inject("runDirectory"), dirname(path)].map(
    (folder) => `--allow-fs-read=${folder}/*`,
  );
  const { exitCode, stdout, stderr, accessKeyId } = await runBesideImds([
    ...["env", "NODE_OPTIONS="],
    ...[path, model, "--no-warnings", ...readable, ...flags, program],
  ]);
  if (exitCode !== 0) throw new Error(stderr);
  return { accessKeyId, outcome: JSON.parse(stdout) };
}

test.for(inject("nodes"))(
  "Node $major: a config file that the process may not read counts as empty",
  async ({ major, path }) => {
    const { outcome, accessKeyId } = await runWithPermissions(
      path,
      major,
      isNetworkCovered(major) ? ["--allow-net"] : [],
    );

    expect(outcome).toEqual({ mayReadConfig: false, accessKeyId });
  },
);

test.for(inject("nodes").filter(({ major }) => isNetworkCovered(major)))(
  "Node $major: a network that the process may not use is IMDS_UNREACHABLE, after one attempt",
  async ({ major, path }) => {
    const { outcome } = await runWithPermissions(path, major, []);

    expect(outcome).toEqual({
      mayReadConfig: false,
      code: "IMDS_UNREACHABLE",
      attempts: 1,
      cause: "ERR_ACCESS_DENIED",
    });
  },
);
