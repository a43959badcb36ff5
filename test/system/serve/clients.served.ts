import { join } from "node:path";
import { inject, test } from "vitest";
import { run } from "../../support/child-process.js";
import { inNamespace } from "../interop/namespace.js";
import type { Report } from "./programs/beside-served.js";

const PROGRAMS = join(import.meta.dirname, "programs");
const { sdkV2, tusStore } = inject("otherClients");

const node = (program: string, directory: string): string[] => [
  process.execPath,
  join(PROGRAMS, program),
  directory,
  "S3_URL",
];

interface Client {
  readonly name: string;
  readonly command: readonly string[];
  /** How many calls of S3 one run makes. */
  readonly calls?: number;
  /** Whether it shows the code that the response names. */
  readonly showsCode?: boolean;
}

const CLIENTS: readonly Client[] = [
  ...inject("clientS3").map(({ version, directory }) => ({
    name: `client-s3 ${version}`,
    command: node("sdk-v3.mjs", directory),
  })),
  { name: "the AWS SDK v2", command: node("sdk-v2.mjs", sdkV2) },
  { name: "a package that makes its own client", command: node("own-client.mjs", tusStore), calls: 2 },
  // Debian's, whatever else is on the PATH; test/system/interop/install-debian-clients.sh installs them.
  {
    name: "boto3",
    command: ["/usr/bin/python3", join(PROGRAMS, "put_object.py"), "S3_URL"],
    showsCode: true,
  },
  {
    name: "the AWS CLI",
    command: ["/usr/bin/aws", "--endpoint-url", "S3_URL", "s3api", "list-objects-v2", "--bucket", "reports"],
    showsCode: true,
  },
];

async function besideServed(command: readonly string[]): Promise<Report> {
  const program = [process.execPath, "--import", "tsx", join(PROGRAMS, "beside-served.ts"), ...command];
  const [unshare = "", ...args] = inNamespace(program, "loopback");
  const { stdout, stderr } = await run(unshare, args);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

test.concurrent.for(CLIENTS)(
  "$name finds the served credentials by its default chain, and no others",
  async (client, { expect }) => {
    const { command, calls = 1, showsCode } = client;
    const { first, rotated, wrongToken, noRole } = await besideServed(command);

    const well = { exitCode: 0, signedWithCurrent: Array(calls).fill(true) };
    expect({ first, rotated }).toMatchObject({ first: well, rotated: well });
    expect(wrongToken.exitCode).not.toBe(0);
    expect(wrongToken.signedWithCurrent).toEqual([]);
    expect(noRole.exitCode).not.toBe(0);
    expect(noRole.signedWithCurrent).toEqual([]);
    if (showsCode) expect(noRole.output).toContain("NO_ROLE_ATTACHED");
  },
);
