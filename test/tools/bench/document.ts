import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { markdownTable } from "../../support/markdown.js";
import { explanations } from "./explanations.js";
import type { Measurements } from "./measure.js";
import type { Row } from "./rows.js";
import type { Scene } from "./startup.js";
import { median, ratio, summarize } from "./statistics.js";
import type { Panel } from "./svg.js";
import { chart } from "./svg.js";
import { startRatio } from "./table.js";

const ROOT = resolve(import.meta.dirname, "../../..");

const PEERS = [
  "@smithy/credential-provider-imds",
  "@smithy/node-http-handler",
  "@aws-sdk/client-s3",
  "@aws-sdk/credential-providers",
  "@aws-sdk/ec2-metadata-service",
  "aws-crt",
  "tinybench",
];

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8")).version;

const LABELS: readonly (readonly [Scene, string])[] = [
  ["plain", "three plain requests"],
  ["ours", "this library"],
  ["smithy", "smithy's provider"],
  ["credentialProviders", "credential-providers"],
  ["metadataService", "ec2-metadata-service"],
  ["crt", "the CRT's provider"],
];

function panels(measured: Measurements): readonly Panel[] {
  const { loads, growth, starts } = measured;
  const plain = median(loads.plain);
  const ofPlain = (load: readonly number[]) => ratio(load, loads.plain).median;
  const line = (kind: keyof typeof growth, value: "requests" | "milliseconds") =>
    (["ours", "smithy"] as const).map((library) => ({
      name: library === "ours" ? "this library" : "smithy's provider",
      points: growth[kind][library].map((crowd): [number, number] => [
        crowd.amount,
        value === "requests" ? crowd.requests : crowd.milliseconds / plain,
      ]),
    }));
  const lines = (title: string, kind: keyof typeof growth, value: "requests" | "milliseconds"): Panel => ({
    kind: "lines",
    title,
    x: kind,
    y: value === "requests" ? "requests" : "time, in loads by three plain requests",
    scale: "logarithmic",
    series: line(kind, value),
  });
  return [
    {
      kind: "bars",
      title: "Process start to first credentials",
      unit: "x smithy",
      bars: LABELS.filter(([scene]) => starts.has(scene)).map(([scene, name]) => [
        name,
        startRatio(measured, scene, "smithy", "done").median,
      ]),
    },
    {
      kind: "bars",
      title: "A load in a warm process",
      unit: "x three requests",
      bars: [
        ["three plain requests", 1],
        ["this library, first", ofPlain(loads.oursFirst)],
        ["this library, reload", ofPlain(loads.oursReload)],
        ["smithy's, always", ofPlain(loads.smithyReload)],
        ["ec2-metadata-service", ofPlain(loads.metadataService)],
      ],
    },
    lines("Requests against callers of one provider", "callers", "requests"),
    lines("Time against callers of one provider", "callers", "milliseconds"),
    lines("Requests against clients, each with its own provider", "clients", "requests"),
    lines("Time against clients, each with its own provider", "clients", "milliseconds"),
    lines("Requests against rotations", "rotations", "requests"),
    lines("Time against rotations", "rotations", "milliseconds"),
  ];
}

const figure = (value: number): string => `${value.toFixed(2)} x`;

function startTable(measured: Measurements): string {
  const scenes: readonly (readonly [Scene, string, Scene])[] = [
    ["ours", "this library", "smithy"],
    ["credentialProviders", "`@aws-sdk/credential-providers`", "smithy"],
    ["metadataService", "`@aws-sdk/ec2-metadata-service`", "smithy"],
    ["crt", "`aws-crt`, at EC2's address in a network of the benchmark's own", "smithy"],
    ["plain", "three plain requests, the limit", "smithy"],
    ["ours in CommonJS", "this library, CommonJS, against smithy in CommonJS", "smithy in CommonJS"],
    ["s3WithOurs", "this library beside an S3 client, against smithy beside one", "s3WithSmithy"],
  ];
  return markdownTable(
    ["fresh process, to its first credentials", "time", "processor time"],
    scenes
      .filter(([scene]) => measured.starts.has(scene))
      .map(([scene, name, other]) => [
        name,
        figure(startRatio(measured, scene, other, "done").median),
        figure(startRatio(measured, scene, other, "cpu").median),
      ]),
  );
}

function loadTable({ loads }: Measurements): string {
  const names: readonly (readonly [keyof typeof loads, string])[] = [
    ["plain", "three plain requests on one kept connection"],
    ["bareHandler", "the same by the SDK's handler"],
    ["oursFirst", "this library, first credentials"],
    ["oursReload", "this library, reload (one request, a new connection)"],
    ["withoutSdkFirst", "this library without any package of the SDK, first credentials"],
    ["withoutSdkReload", "the same, reload"],
    ["plainReload", "one plain request on a new connection"],
    ["smithyFirst", "smithy's provider, first credentials (global agent, idle connection kept)"],
    ["smithyReload", "smithy's provider, reload (three requests)"],
    ["metadataService", "`@aws-sdk/ec2-metadata-service` (four requests)"],
  ];
  return markdownTable(
    ["a load in a warm process", "time", "spread"],
    names.map(([load, name]) => [
      name,
      figure(ratio(loads[load], loads.plain).median),
      `± ${Math.round(summarize(loads[load]).spread * 50)} %`,
    ]),
  );
}

function growthTable({ growth }: Measurements): string {
  const lines = (["callers", "clients", "rotations"] as const).flatMap((kind) =>
    (["ours", "smithy"] as const).map((library) => [
      kind,
      library === "ours" ? "this library" : "smithy's provider",
      growth[kind][library]
        .map(
          ({ amount, requests, failed }) =>
            `${amount}: ${requests}${failed > 0 ? ` (${failed} calls failed)` : ""}`,
        )
        .join(", "),
    ]),
  );
  return markdownTable(["against", "of", "amount: requests"], lines);
}

function documentOf(measured: Measurements, rows: readonly Row[]): string {
  const { rotation } = measured;
  const versions = PEERS.map((name) => `\`${name}\` ${versionOf(name)}`).join(", ");
  return `# Benchmarks

This page and its chart are written by \`npm run bench\` from one run, on Node ${process.version} with ${availableParallelism()} cores
(${process.platform}, ${process.arch}). Peers: ${versions}.

Absolute times say more of a machine than of a library, and there are none here: each figure compares two things that
were measured in turn, in the same run. It is the median over several rounds, for starts of processes the quicker quarter; ± is half
of the distance between the quartiles. The mocked IMDS runs in a process of its own on loopback, where a request costs next to nothing, so that
what the client costs is seen at its largest. Warm calls are timed by tinybench in batches of 1,000; what needs a fresh process
gets one; the whole runs in a network namespace without a way out, where the system allows it.

![Time and requests of this library and its peers](./benchmarks.svg)

## What was to be reached

${markdownTable(
  ["what", "measured", "to reach", "outcome"],
  rows.map(({ what, measured: value, reach, outcome }) => [what, value, reach, outcome]),
)}

A warm call of this library leaves ${measured.allocation.perCall.call.toFixed(0)} bytes behind: the number that the clock returns. With the \`await\` around it, it is
${measured.allocation.perCall.awaited.toFixed(0)} bytes; an async function that returns a constant and is awaited leaves ${measured.allocation.perCall.limitAwaited.toFixed(0)}.

${explanations(measured)}

## Cost grows with nothing

However many callers or clients there are, they cost one load; each rotation costs one request.

${growthTable(measured)}

With the IMDS slowed down to 250 ms an answer, S3 calls over a rotation: with this library ${rotation.ours.waits} of them waited, the longest
took ${figure(rotation.ours.longestMs / 250)} an answer's time; with smithy's provider ${rotation.smithy.waits} waited, the longest took ${figure(rotation.smithy.longestMs / 250)} an answer's time.

## More figures

${loadTable(measured)}

${startTable(measured)}

To run it: \`npm run bench\`; \`npm run bench -- --json\` for all samples; \`npm run bench -- --quick --gate\` fails when a time
has doubled or an amount has grown by a quarter. \`npm test\` holds the counts.
`;
}

/** Writes docs/benchmarks.md and docs/benchmarks.svg. */
export function writeDocuments(measured: Measurements, rows: readonly Row[]): void {
  writeFileSync(join(ROOT, "docs/benchmarks.svg"), chart(panels(measured)));
  writeFileSync(join(ROOT, "docs/benchmarks.md"), documentOf(measured, rows));
}
