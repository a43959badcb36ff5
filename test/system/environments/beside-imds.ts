import { join } from "node:path";
import type { MockStep } from "../../../src/testing/index.js";
import { run } from "../../support/child-process.js";
import { inNamespace } from "../interop/namespace.js";

/** What `programs/beside-imds.ts` prints. */
interface Report {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly requests: readonly {
    readonly step: MockStep;
    readonly path: string;
    readonly headers: Readonly<Record<string, string | undefined>>;
  }[];
  /** Of the credentials that were served. */
  readonly accessKeyId: string;
}

const BESIDE_IMDS = join(import.meta.dirname, "programs/beside-imds.ts");

/**
 * Runs a program beside a metadata service where nothing but loopback exists. It finds the service by the
 * environment, and in `SILENT_ENDPOINT` a port where no connection can be made.
 */
export async function runBesideImds(command: readonly string[]): Promise<Report> {
  const program = [process.execPath, "--import", "tsx", BESIDE_IMDS, ...command];
  const [unshare = "", ...args] = inNamespace(program, "loopback");
  const { stdout, stderr } = await run(unshare, args);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}
