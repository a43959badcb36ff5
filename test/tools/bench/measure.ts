import type { Crowd, CrowdKind } from "./crowds.js";
import { measureCrowd } from "./crowds.js";
import type { ImdsProcess } from "./imds-process.js";
import type { BenchProject } from "./project.js";
import type { RotationDelay } from "./rotations.js";
import { measureRotation } from "./rotations.js";
import { minifiedBytes, packedBytes } from "./sizes.js";
import type { StartKind, Starts } from "./startup.js";
import { measureStarts } from "./startup.js";

/** How much to measure. */
export interface Effort {
  readonly warmRounds: number;
  readonly warmMs: number;
  readonly loadRounds: number;
  readonly startRounds: number;
  readonly repeats: number;
}

type Samples<Name extends string> = Readonly<Record<Name, readonly number[]>>;
type WarmCall = "clock" | "ours" | "sdkMemoized" | "oursInClient";
type Load = "plain" | "plainRefresh" | "oursFirst" | "oursRefresh" | "sdkRefresh";

/** Everything that one run measures. */
export interface Measurements {
  /** Nanoseconds a call. */
  readonly warm: Samples<WarmCall>;
  /** Milliseconds a load. */
  readonly loads: Samples<Load>;
  readonly starts: ReadonlyMap<StartKind, Starts>;
  readonly crowds: Readonly<Record<CrowdKind, readonly Crowd[]>>;
  readonly rotation: RotationDelay;
  /** Bytes of a provider, one sample a process. */
  readonly memory: Samples<"lone" | "alike">;
  readonly allocation: { readonly bytesPerCall: number; readonly growth: number };
  readonly packedBytes: number;
  readonly minifiedBytes: number;
}

const AMOUNTS: Readonly<Record<CrowdKind, readonly number[]>> = {
  callers: [1, 1000],
  clients: [1, 100],
  rotations: [10, 100],
};

export interface Place {
  readonly project: BenchProject;
  readonly imds: ImdsProcess;
}

async function measureCrowds(place: Place): Promise<Measurements["crowds"]> {
  const crowds: Record<CrowdKind, Crowd[]> = { callers: [], clients: [], rotations: [] };
  for (const kind of Object.keys(crowds) as CrowdKind[]) {
    for (const amount of AMOUNTS[kind]) crowds[kind].push(await measureCrowd(place, kind, amount));
  }
  return crowds;
}

async function measureMemory({ project, imds }: Place, repeats: number): Promise<Measurements["memory"]> {
  const bytes = { lone: [] as number[], alike: [] as number[] };
  const { endpoint } = imds;
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const kind of ["lone", "alike"] as const) {
      const options = { flags: ["--expose-gc"], args: [kind], endpoint };
      bytes[kind].push(await project.run<number>("memory.mjs", options));
    }
  }
  return bytes;
}

/** In several processes: what a compiler makes of a call differs from one to the next. */
async function measureWarmCalls(
  { project, imds }: Place,
  { warmRounds, warmMs, repeats }: Effort,
): Promise<Measurements["warm"]> {
  const samples: Record<WarmCall, number[]> = { clock: [], ours: [], sdkMemoized: [], oursInClient: [] };
  const options = { args: [warmRounds, warmMs].map(String), endpoint: imds.endpoint };
  for (let repeat = 0; repeat < repeats; repeat++) {
    const more = await project.run<Measurements["warm"]>("warm-calls.mjs", options);
    for (const call of Object.keys(samples) as WarmCall[]) samples[call].push(...more[call]);
  }
  return samples;
}

/** Measures one thing after the other; `onStep` is called with the name of each. */
export async function measureAll(
  place: Place,
  effort: Effort,
  onStep: (step: string) => void,
): Promise<Measurements> {
  const { project, imds } = place;
  const { endpoint } = imds;
  onStep("sizes");
  const sizes = { packedBytes: packedBytes(), minifiedBytes: await minifiedBytes() };
  onStep("cached calls");
  const warm = await measureWarmCalls(place, effort);
  onStep("loads");
  const loadArgs = [effort.loadRounds, 10, 300].map(String);
  const loads = await project.run<Measurements["loads"]>("loads.mjs", { args: loadArgs, endpoint });
  onStep("starts of processes");
  const starts = await measureStarts(project, endpoint, effort.startRounds);
  onStep("crowds");
  const crowds = await measureCrowds(place);
  onStep("a rotation");
  const rotation = await measureRotation(place);
  await imds.reset();
  onStep("memory");
  const memory = await measureMemory(place, effort.repeats);
  onStep("allocation");
  const allocation = await project.run<Measurements["allocation"]>("allocation.mjs", {
    flags: ["--expose-gc", "--max-semi-space-size=256", "--min-semi-space-size=256"],
    args: [String(10_000_000)],
    endpoint,
  });
  return { ...sizes, warm, loads, starts, crowds, rotation, memory, allocation };
}
