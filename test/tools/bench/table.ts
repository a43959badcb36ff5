import type { Crowd } from "./crowds.js";
import type { Measurements } from "./measure.js";
import { IMDS_DELAY_MS } from "./rotations.js";
import type { Row } from "./rows.js";
import { amountRow, ratioRow } from "./rows.js";
import type { Scene } from "./startup.js";
import type { Summary } from "./statistics.js";
import { median, ratio, undisturbed, undisturbedRatio } from "./statistics.js";

const KILOBYTE = 1000;

const crowdOf = (crowds: readonly Crowd[], amount: number): Crowd => {
  const crowd = crowds.find((one) => one.amount === amount);
  if (!crowd) throw new Error(`no crowd of ${amount} was measured`);
  return crowd;
};

type Moment = "imported" | "done" | "cpu";

/** How the start of one kind of process compares with that of another. */
export function startRatio({ starts }: Measurements, scene: Scene, other: Scene, moment: Moment): Summary {
  return undisturbedRatio(starts.get(scene)?.[moment] ?? [], starts.get(other)?.[moment] ?? []);
}

/** What an import takes, beyond what a process takes that imports nothing. */
function importRatio({ starts }: Measurements, scene: Scene, other: Scene): Summary {
  const imported = (name: Scene) => starts.get(name)?.imported ?? [];
  const nothing = undisturbed(imported("nothing"));
  const median = (undisturbed(imported(scene)) - nothing) / (undisturbed(imported(other)) - nothing);
  return { ...ratio(imported(scene), imported(other)), median };
}

/** The figures that are to be reached, and whether they are. */
export function tableOf(measured: Measurements): readonly Row[] {
  const { warm, loads, growth, rotation, memory, allocation } = measured;
  const hundred = crowdOf(growth.clients.ours, 100);
  const thousand = crowdOf(growth.callers.ours, 1000);
  const reload = crowdOf(growth.rotations.ours, 100).requests - crowdOf(growth.rotations.ours, 10).requests;
  const lone = median(memory.lone);
  const alike = median(memory.alike);
  const waits = `${rotation.ours.waits}`;
  return [
    ratioRow("warm call", ratio(warm.ours, warm.limit), 1.1, "an async function that reads the clock"),
    ratioRow("warm call", ratio(warm.ours, warm.smithyMemoized), 0.9, "the SDK's memoized provider"),
    ratioRow(
      "warm call through an S3 client",
      ratio(warm.oursInClient, warm.smithyMemoized),
      1,
      "the SDK's own",
    ),
    ratioRow(
      "first credentials in a warm process",
      ratio(loads.oursFirst, loads.plain),
      1.35,
      "three plain requests",
    ),
    amountRow("requests of a reload", reload / 90, 1, "request"),
    ratioRow("time of a reload", ratio(loads.oursReload, loads.smithyReload), 0.75, "smithy's"),
    amountRow("100 clients, cold", hundred.requests, 3, "requests"),
    amountRow("1,000 concurrent first callers", thousand.requests, 3, "requests"),
    amountRow("of which failed", thousand.failed, 0, "calls"),
    amountRow(
      `S3 calls that wait for a rotation, IMDS ${IMDS_DELAY_MS} ms slow`,
      rotation.ours.waits,
      0,
      "calls",
      waits,
    ),
    ratioRow("import", importRatio(measured, "ours", "smithy"), 0.35, "importing smithy's provider"),
    ratioRow(
      "import beside the S3 client",
      startRatio(measured, "s3WithOurs", "s3", "imported"),
      1.03,
      "importing that alone",
    ),
    ratioRow(
      "process start to first credentials, beside an S3 client",
      startRatio(measured, "s3WithOurs", "s3WithSmithy", "done"),
      1,
      "smithy",
    ),
    ratioRow(
      "the same, processor time",
      startRatio(measured, "s3WithOurs", "s3WithSmithy", "cpu"),
      1,
      "smithy",
    ),
    ratioRow(
      "process start to first credentials, alone",
      startRatio(measured, "ours", "smithy", "done"),
      1,
      "smithy",
    ),
    ratioRow("the same, processor time", startRatio(measured, "ours", "smithy", "cpu"), 1, "smithy"),
    amountRow("memory of one provider", lone / KILOBYTE, 20, "kB", (lone / KILOBYTE).toFixed(1)),
    amountRow(
      "memory of each further one of 10,000 with equal settings",
      alike,
      300,
      "bytes",
      alike.toFixed(0),
    ),
    amountRow(
      "garbage of a warm call",
      Math.round(allocation.perCall.call),
      Math.round(allocation.perCall.limitCall),
      "bytes",
    ),
    amountRow(
      `growth of the heap over ${allocation.calls / 1e6} million warm calls`,
      allocation.growth / KILOBYTE,
      100,
      "kB",
      (allocation.growth / KILOBYTE).toFixed(0),
    ),
    amountRow(
      "packed size",
      measured.packedBytes / KILOBYTE,
      150,
      "kB",
      (measured.packedBytes / KILOBYTE).toFixed(0),
    ),
    amountRow(
      "size of `.`, minified and gzipped, without the smithy packages",
      measured.minified.gzippedBytes / KILOBYTE,
      12,
      "kB",
      (measured.minified.gzippedBytes / KILOBYTE).toFixed(1),
    ),
  ];
}
