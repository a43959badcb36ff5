import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { consumerProject } from "../../support/packed-package.js";
import { runBesideImds } from "./beside-imds.js";

interface Outcome {
  readonly spans: readonly {
    readonly name: string;
    readonly kind: string;
    readonly url?: string;
    readonly inWork: boolean;
  }[];
  readonly activeSpans: object;
  readonly code: string;
}

const PROGRAM = join(import.meta.dirname, "programs/traced.cjs");

const cases = inject("openTelemetries").flatMap(({ family, home }) =>
  (["mjs", "cjs"] as const).map((format) => ({ family, home, format })),
);

test.for(cases)(
  "OpenTelemetry, $family ($format): metadata makes no span, the application's spans are what they are",
  async ({ home, format }) => {
    const project = await consumerProject();
    const program = join(project, "traced.cjs");
    await cp(PROGRAM, program);

    const { exitCode, stdout, stderr, requests } = await runBesideImds([
      process.execPath,
      program,
      home,
      format,
    ]);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const { spans, activeSpans, code }: Outcome = JSON.parse(stdout);
    const requested = spans.filter(({ kind }) => kind === "CLIENT");
    expect(requested.map(({ url, inWork }) => [new URL(url ?? "").pathname, inWork])).toEqual([
      ["/before", true],
      ["/after", true],
      ["/outside", false],
    ]);
    expect(spans.filter(({ kind }) => kind !== "CLIENT").map(({ name }) => name)).toEqual(["work"]);
    expect(activeSpans).toEqual({ afterLoad: true, afterRefresh: true });
    // The service sees no trace of the application's either, but for the application's own requests.
    const traced = requests.filter(({ headers }) => headers.traceparent !== undefined);
    expect(traced.map(({ path }) => path)).toEqual(["/before", "/after", "/outside"]);
    expect(requests.filter(({ step }) => step === "credentials")).toHaveLength(2);
    expect(code).toBe("IMDS_UNREACHABLE");
  },
);

test("without OpenTelemetry nothing of it is loaded", async () => {
  const project = await consumerProject();
  const program = `
    const { fromInstanceRole } = require("ec2-role-credentials");
    fromInstanceRole()().then(({ accessKeyId }) => {
      const loaded = Object.keys(require.cache).filter((file) => /opentelemetry/.test(file));
      console.log(JSON.stringify({ accessKeyId, loaded, api: Symbol.for("opentelemetry.js.api.1") in globalThis }));
    });`;

  const { stdout, stderr, accessKeyId } = await runBesideImds([
    "env",
    "-C",
    project,
    process.execPath,
    "-e",
    program,
  ]);

  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({ accessKeyId, loaded: [], api: false });
});
