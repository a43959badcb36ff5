import type { Policy } from "./policies.js";
import { PEERS } from "./policies.js";
import type { Moment, Part, Scenario, Traffic } from "./simulation.js";
import { requestsIn, SIMULATED, simulate, spreadSeconds, worstSecond } from "./simulation.js";
import { THIS_LIBRARY } from "./this-library.js";
import { HOUR, MINUTE, SECOND } from "./time.js";

export const POLICIES: readonly Policy[] = [THIS_LIBRARY, ...PEERS];
/** How many instances of each size are simulated; few of the large ones, which take long. */
const INSTANCES_OF: ReadonlyMap<number, number> = new Map([
  [1, 2000],
  [2, 2000],
  [4, 1700],
  [8, 1500],
  [16, 1200],
  [32, 800],
  [64, 400],
  [128, 250],
  [256, 150],
]);
export const INSTANCES: number = [...INSTANCES_OF.values()].reduce((sum, amount) => sum + amount, 0);

/** What happens after the first minute is no longer the boot. */
const BOOT: Part = { from: 0, until: MINUTE };
const LATER: Part = { from: MINUTE, until: SIMULATED };

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;

/** A day like any other: all processes start within a second, and each calls once a second. */
const STEADY: Omit<Scenario, "processes" | "seed"> = {
  rotation: "hourly",
  bootWithin: SECOND,
  callEvery: SECOND,
};

/** What one policy does on instances of one size, over many of them. */
export interface Load {
  readonly processes: number;
  readonly requestsPerMinute: number;
  readonly worstAtBoot: number;
  /** The typical instance's worst second after the boot, and that of the worst one. */
  readonly worstLater: number;
  readonly worstOfAll: number;
}

/** 10,000 instances, each of another seed. */
export function steadyLoads(policy: Policy): readonly Load[] {
  return [...INSTANCES_OF].map(([processes, instances]) => {
    let requests = 0;
    let worstAtBoot = 0;
    const later: number[] = [];
    for (let instance = 0; instance < instances; instance++) {
      const traffic = simulate(policy, { ...STEADY, processes, seed: processes * INSTANCES + instance });
      requests += traffic.requests;
      worstAtBoot = Math.max(worstAtBoot, worstSecond(traffic, BOOT));
      later.push(worstSecond(traffic, LATER));
    }
    return {
      processes,
      requestsPerMinute: requests / instances / (SIMULATED / MINUTE),
      worstAtBoot,
      worstLater: middle(later),
      worstOfAll: Math.max(...later),
    };
  });
}

export const CROWD = 64;
const FEW = 12;

/** Some instances with 64 processes each. */
function run(policy: Policy, scenario: Partial<Scenario>): readonly Traffic[] {
  return Array.from({ length: FEW }, (_, seed) =>
    simulate(policy, { ...STEADY, ...scenario, processes: CROWD, seed }),
  );
}

const spread = (runs: readonly Traffic[], moment: Moment): number =>
  middle(runs.map(({ moments }) => spreadSeconds(moments[moment])));

/** What follows when something happens to all processes of an instance at once. */
export interface Common {
  readonly policy: string;
  /** Seconds over which the first refreshes after a common boot are spread. */
  readonly afterBoot: number;
  /** Seconds over which the processes notice a new set that comes as late as documented. */
  readonly afterRotation: number;
  /** Requests in the worst second around such a rotation. */
  readonly worstAtRotation: number;
  /** Seconds over which the processes come back after eight hours without IMDS. */
  readonly afterOutage: number;
  /** Requests in the worst second of that outage, and in a typical minute of it. */
  readonly worstInOutage: number;
  readonly perMinuteInOutage: number;
  /** The longest time, in seconds, for which a process still uses expired credentials after the outage. */
  readonly longestStale: number;
}

const OUTAGE: Part = { from: 20 * HOUR, until: 28 * HOUR };

export function commonEvents(policy: Policy): Common {
  const boots = run(policy, {});
  const rotations = run(policy, { rotation: "as late as documented", bootWithin: 10 * MINUTE });
  const outages = run(policy, { bootWithin: 10 * MINUTE, outage: OUTAGE });
  const worst = (runs: readonly Traffic[], part: Part) =>
    Math.max(...runs.map((traffic) => worstSecond(traffic, part)));
  return {
    policy: policy.name,
    afterBoot: spread(boots, "refreshed"),
    afterRotation: spread(rotations, "rotated"),
    worstAtRotation: worst(rotations, { from: 10 * MINUTE, until: SIMULATED }),
    afterOutage: spread(outages, "recovered"),
    worstInOutage: worst(outages, OUTAGE),
    perMinuteInOutage: middle(
      outages.map((traffic) => requestsIn(traffic, OUTAGE) / ((OUTAGE.until - OUTAGE.from) / MINUTE)),
    ),
    longestStale: Math.max(...outages.map(({ longestStale }) => longestStale)) / SECOND,
  };
}
