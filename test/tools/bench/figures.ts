import type { Crowd } from "./crowds.js";
import type { Measurements } from "./measure.js";
import { count, type Figure, type Row, size, times } from "./rows.js";
import type { StartKind, StartMoment } from "./startup.js";
import { fastestQuartile, median, medianRatio } from "./statistics.js";

function requestsOf(crowds: readonly Crowd[], amount: number): number {
  return crowds.find((crowd) => crowd.amount === amount)?.requests ?? Number.NaN;
}

const startOf = ({ starts }: Measurements, kind: StartKind, moment: StartMoment): number =>
  fastestQuartile(starts.get(kind)?.[moment] ?? []);

/** What a process that imports nothing takes is no library's. */
const importOf = (measured: Measurements, kind: StartKind): number =>
  startOf(measured, kind, "imported") - startOf(measured, "nothing", "imported");

const START = "process start to first credentials";

/** All figures, each with where it is in a run. docs/benchmarks.md has the same names and documented values. */
export const FIGURES: readonly (readonly [Figure, (measured: Measurements) => number])[] = [
  [
    times("cached call / an async function that reads the clock", 1.07),
    ({ warm }) => medianRatio(warm.ours, warm.clock),
  ],
  [
    times("cached call / the SDK's memoized provider", 0.35),
    ({ warm }) => medianRatio(warm.ours, warm.sdkMemoized),
  ],
  [
    times("cached call through an S3 client / the SDK's provider through one", 0.96),
    ({ warm }) => medianRatio(warm.oursInClient, warm.sdkMemoized),
  ],
  [
    times("first credentials in a warm process / three plain requests", 1.5),
    ({ loads }) => medianRatio(loads.oursFirst, loads.plain),
  ],
  [
    times("refresh / one plain request on a new connection", 1.43),
    ({ loads }) => medianRatio(loads.oursRefresh, loads.plainRefresh),
  ],
  [
    // On a busy machine a new connection takes longer than requests on one that is there.
    times("refresh / refresh of the SDK's provider", 0.87, 3),
    ({ loads }) => medianRatio(loads.oursRefresh, loads.sdkRefresh),
  ],
  [
    times("import / import of the SDK's provider", 0.34),
    (measured) => importOf(measured, "ours") / importOf(measured, "sdk"),
  ],
  [
    times(`${START}, beside an S3 client / the SDK's provider`, 0.87),
    (measured) => startOf(measured, "s3WithOurs", "done") / startOf(measured, "s3WithSdk", "done"),
  ],
  [
    times(`${START}, alone / the SDK's provider`, 1.04),
    (measured) => startOf(measured, "ours", "done") / startOf(measured, "sdk", "done"),
  ],
  [
    count("requests of a refresh", 1, "requests"),
    ({ crowds }) => (requestsOf(crowds.rotations, 100) - requestsOf(crowds.rotations, 10)) / 90,
  ],
  [
    count("requests of 100 clients, each with a provider of its own", 3, "requests"),
    ({ crowds }) => requestsOf(crowds.clients, 100),
  ],
  [
    count("requests of 1,000 concurrent first callers", 3, "requests"),
    ({ crowds }) => requestsOf(crowds.callers, 1000),
  ],
  [
    count("failed calls of these callers", 0, "calls"),
    ({ crowds }) => crowds.callers.find(({ amount }) => amount === 1000)?.failed ?? Number.NaN,
  ],
  [
    count("S3 calls that wait for a rotation, metadata 250 ms slow", 0, "calls"),
    ({ rotation }) => rotation.waits,
  ],
  [size("memory of a provider", 5.8, "kB"), ({ memory }) => median(memory.lone) / 1000],
  [
    size("memory of each further provider with equal settings", 853, "bytes", 1000),
    ({ memory }) => median(memory.alike),
  ],
  [size("garbage of a cached call", 16, "bytes", 65), ({ allocation }) => allocation.bytesPerCall],
  [
    size("growth of the heap over 10 million cached calls", 0, "kB", 100),
    ({ allocation }) => Math.max(0, allocation.growth / 1000),
  ],
  [size("size of the package as npm packs it", 236, "kB"), ({ packedBytes }) => packedBytes / 1000],
  [
    size("size of the library minified and gzipped, without the SDK's packages", 23, "kB"),
    ({ minifiedBytes }) => minifiedBytes / 1000,
  ],
];

export const rowsOf = (measured: Measurements): readonly Row[] =>
  FIGURES.map(([figure, measure]) => ({ ...figure, measured: measure(measured) }));
