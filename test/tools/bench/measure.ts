import type { Crowd, CrowdKind, Library } from "./crowds.js";
import { measureCrowd } from "./crowds.js";
import type { ImdsProcess } from "./imds-process.js";
import type { RotationDelay } from "./rotations.js";
import { measureRotation } from "./rotations.js";
import type { MinifiedSize } from "./sizes.js";
import { minifiedSize, packedBytes } from "./sizes.js";
import type { Scene, Starts } from "./startup.js";
import { measureStarts } from "./startup.js";
import type { Workshop } from "./workspace.js";

/** How much to measure. */
export interface Effort {
  readonly warmRounds: number;
  readonly warmMs: number;
  readonly loadRounds: number;
  readonly startRounds: number;
  readonly repeats: number;
}

type Samples<Name extends string> = Readonly<Record<Name, readonly number[]>>;
type WarmCall = "limit" | "ours" | "smithyMemoized" | "oursInClient";
type Load =
  | "plain"
  | "plainReload"
  | "withoutSdkFirst"
  | "withoutSdkReload"
  | "bareHandler"
  | "oursFirst"
  | "oursReload"
  | "smithyFirst"
  | "smithyReload"
  | "metadataService";

interface Allocation {
  readonly perCall: Readonly<Record<"clock" | "call" | "limitCall" | "awaited" | "limitAwaited", number>>;
  readonly calls: number;
  readonly growth: number;
}

export type Growth = Readonly<Record<CrowdKind, Readonly<Record<Library, readonly Crowd[]>>>>;

/** Everything that one run measures. */
export interface Measurements {
  /** Nanoseconds a call. */
  readonly warm: Samples<WarmCall>;
  /** Milliseconds a load. */
  readonly loads: Samples<Load>;
  readonly starts: ReadonlyMap<Scene, Starts>;
  readonly growth: Growth;
  readonly rotation: Readonly<Record<Library, RotationDelay>>;
  /** Bytes of a provider, one sample a process. */
  readonly memory: Samples<"lone" | "alike">;
  readonly allocation: Allocation;
  readonly packedBytes: number;
  readonly minified: MinifiedSize;
}

/** The SDK's own provider is spared the largest crowds: it would open tens of thousands of connections at once. */
const AMOUNTS: Readonly<Record<CrowdKind, Readonly<Record<Library, readonly number[]>>>> = {
  callers: { ours: [1, 10, 100, 1000, 10_000], smithy: [1, 10, 100, 1000] },
  clients: { ours: [1, 10, 100, 1000], smithy: [1, 10, 100, 1000] },
  rotations: { ours: [1, 10, 100], smithy: [1, 10, 100] },
};

async function measureGrowth(where: { workshop: Workshop; imds: ImdsProcess }): Promise<Growth> {
  const series = async (kind: CrowdKind, library: Library) => {
    const crowds: Crowd[] = [];
    for (const amount of AMOUNTS[kind][library])
      crowds.push(await measureCrowd(where, library, kind, amount));
    return crowds;
  };
  const both = async (kind: CrowdKind) => ({
    ours: await series(kind, "ours"),
    smithy: await series(kind, "smithy"),
  });
  return {
    callers: await both("callers"),
    clients: await both("clients"),
    rotations: await both("rotations"),
  };
}

async function measureMemory(
  workshop: Workshop,
  endpoint: string,
  repeats: number,
): Promise<Measurements["memory"]> {
  const bytes = { lone: [] as number[], alike: [] as number[] };
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const kind of ["lone", "alike"] as const) {
      bytes[kind].push(
        await workshop.run<number>("memory.mjs", { flags: ["--expose-gc"], args: [kind], endpoint }),
      );
    }
  }
  return bytes;
}

/** In several processes: what a compiler makes of a call differs from one to the next. */
async function measureWarmCalls(
  workshop: Workshop,
  endpoint: string,
  { warmRounds, warmMs, repeats }: Effort,
): Promise<Measurements["warm"]> {
  const samples: Record<WarmCall, number[]> = { limit: [], ours: [], smithyMemoized: [], oursInClient: [] };
  for (let repeat = 0; repeat < repeats; repeat++) {
    const args = [warmRounds, warmMs].map(String);
    const more = await workshop.run<Measurements["warm"]>("warm-calls.mjs", { args, endpoint });
    for (const call of Object.keys(samples) as WarmCall[]) samples[call].push(...more[call]);
  }
  return samples;
}

/** Measures everything, one thing after the other; `tell` hears what comes next. */
export async function measureAll(
  where: { readonly workshop: Workshop; readonly imds: ImdsProcess },
  effort: Effort,
  tell: (step: string) => void,
): Promise<Measurements> {
  const { workshop, imds } = where;
  const { endpoint } = imds;
  tell("sizes");
  const sizes = { packedBytes: packedBytes(), minified: await minifiedSize() };
  tell("warm calls");
  const warm = await measureWarmCalls(workshop, endpoint, effort);
  tell("loads");
  const loads = await workshop.run<Measurements["loads"]>("loads.mjs", {
    args: [effort.loadRounds, 10, 300].map(String),
    endpoint,
  });
  tell("starts of processes");
  const starts = await measureStarts(workshop, endpoint, effort.startRounds);
  tell("crowds");
  const growth = await measureGrowth(where);
  tell("a rotation");
  const rotation = {
    ours: await measureRotation(where, "ours"),
    smithy: await measureRotation(where, "smithy"),
  };
  await imds.reset();
  tell("memory");
  const memory = await measureMemory(workshop, endpoint, effort.repeats);
  tell("allocation");
  const allocation = await workshop.run<Allocation>("allocation.mjs", {
    flags: ["--expose-gc", "--max-semi-space-size=256", "--min-semi-space-size=256"],
    args: [String(10_000_000)],
    endpoint,
  });
  return { ...sizes, warm, loads, starts, growth, rotation, memory, allocation };
}
