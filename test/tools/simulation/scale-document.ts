import { markdownTable } from "../../support/markdown.js";
import type { Common, Load } from "./experiments.js";
import { CROWD, INSTANCES } from "./experiments.js";
import type { Panel } from "./svg.js";

export interface Simulated {
  readonly loads: ReadonlyMap<string, readonly Load[]>;
  readonly events: readonly Common[];
  readonly courses: ReadonlyMap<string, readonly (readonly [number, number])[]>;
}

/** 1,024 packets a second and interface; a request is some ten packets. */
export const MOST_REQUESTS_A_SECOND = 100;

const WHAT_IF = "what if: due at random";

export function panels({ loads, events, courses }: Simulated): readonly Panel[] {
  const line = (value: (load: Load) => number) =>
    [...loads].map(([name, all]) => ({
      name,
      points: all.map((load): [number, number] => [load.processes, Math.max(value(load), 0.01)]),
    }));
  return [
    {
      kind: "lines",
      title: "Requests in the worst second after the boot",
      x: "processes on the instance, each with a call a second",
      y: `about ${MOST_REQUESTS_A_SECOND} are let through`,
      scale: "logarithmic",
      series: line(({ worstLater }) => worstLater),
    },
    {
      kind: "lines",
      title: "Requests a minute",
      x: "processes on the instance",
      y: "mean of 48 hours",
      scale: "logarithmic",
      series: line(({ requestsPerMinute }) => requestsPerMinute),
    },
    {
      kind: "lines",
      title: `Eight hours without IMDS, ${CROWD} processes`,
      x: "hours since it began",
      y: "requests a minute",
      scale: "linear",
      series: [...courses]
        .filter(([name]) => name !== "botocore" && name !== WHAT_IF)
        .map(([name, points]) => ({ name, points })),
    },
    {
      kind: "bars",
      title: "Expired credentials still served when IMDS is back",
      unit: "s at worst",
      bars: events
        .filter(({ policy }) => policy !== WHAT_IF)
        .map(({ policy, longestStale }) => [policy, longestStale]),
    },
  ];
}

const round = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));

const loadOf = ({ loads }: Simulated, name: string, processes: number): Load => {
  const found = loads.get(name)?.find((load) => load.processes === processes);
  if (!found) throw new Error(`${name} was not simulated with ${processes} processes`);
  return found;
};

const eventOf = ({ events }: Simulated, name: string): Common => {
  const found = events.find(({ policy }) => policy === name);
  if (!found) throw new Error(`${name} was not simulated`);
  return found;
};

/** The most processes on one instance that stay within what the IMDS lets through. */
function mostWithin({ loads }: Simulated, name: string, value: (load: Load) => number): string {
  const fitting = (loads.get(name) ?? []).filter((load) => value(load) <= MOST_REQUESTS_A_SECOND);
  return String(Math.max(0, ...fitting.map(({ processes }) => processes)));
}

export function scaleDocument(simulated: Simulated): string {
  const { loads, events } = simulated;
  const ours = eventOf(simulated, "this library");
  const [small, large] = [loadOf(simulated, "this library", CROWD), loadOf(simulated, "this library", 256)];
  const whatIf = loadOf(simulated, WHAT_IF, 256);
  const js = eventOf(simulated, "JS SDK (each client)");
  const loadTable = markdownTable(
    [
      "policy",
      "1 process",
      "16 processes",
      "64 processes",
      "256 processes",
      "most processes within the limit",
    ],
    [...loads].map(([name, all]) => [
      name,
      ...all
        .filter(({ processes }) => [1, 16, 64, 256].includes(processes))
        .map((load) => `${round(load.requestsPerMinute)}; ${load.worstLater} (${load.worstOfAll})`),
      mostWithin(simulated, name, ({ worstOfAll }) => worstOfAll),
    ]),
  );
  const eventTable = markdownTable(
    [
      "policy",
      "spread after a boot",
      "spread after a rotation",
      "worst second of a rotation",
      "spread after an outage",
      "worst second of an outage",
      "a minute of an outage",
      "expired set served after it",
    ],
    events.map((event) => [
      event.policy,
      `${round(event.afterBoot)} s`,
      `${round(event.afterRotation)} s`,
      `${event.worstAtRotation} requests`,
      `${round(event.afterOutage)} s`,
      `${event.worstInOutage} requests`,
      `${round(event.perMinuteInOutage)} requests`,
      `${round(event.longestStale)} s`,
    ]),
  );
  return `# Many processes on one machine

This page and its chart are written by \`npm run simulate\`. It is a simulation, not a measurement: events one after
the other on a simulated clock, with the very functions by which the library decides when to look
(\`src/cache/refresh-policy.ts\`), and with the policies of other clients as far as they are documented. The IMDS is one to an
instance, so instances share nothing: ${INSTANCES.toLocaleString("en")} instances of 1 to 256 processes are as many seeds, 48 hours each.

What it is held against: EC2 lets 1,024 packets a second through to link-local addresses for each network interface,
and a request takes about ten of them, which leaves some ${MOST_REQUESTS_A_SECOND} requests a second. What exceeds that meets silence.

![Requests against processes, in an outage, and how long expired credentials are served after it](./scale.svg)

## What follows

- **A day like any other costs next to nothing.** ${CROWD} busy processes together make ${round(small.requestsPerMinute)} requests a minute. A look is one
  request here and three elsewhere; this library looks hourly all the same, so that a replaced role is noticed.
- **A common boot is the worst second of most instances,** and no policy can change that: three requests for each
  process. ${MOST_REQUESTS_A_SECOND} a second are reached with 34 processes that start within the same second. Retries with growing, random
  waits are what carries the others over it.
- **Idle processes do not act in step; busy ones do.** The random delay of up to 5 % of the window is for the timer. A
  process that is called every second looks at the first call after the hour is over, so processes that started in
  the same second also refresh in the same second or two: ${large.worstLater} requests in the worst second for 256 of them, which
  is ${large.worstLater > MOST_REQUESTS_A_SECOND ? "more than is let through" : "within what is let through"}. Those that come too late try again behind their callers, who notice nothing. Were the moment itself
  moved forward at random by the same 5 %, it would be ${whatIf.worstLater} (\`${WHAT_IF}\` in the tables). The rule that a call in the
  window starts the look at once would stay; the window would only begin a little earlier in some processes.
- **A common rotation does not matter by itself:** nobody is told of it. With sets that are replaced as late as is
  promised, all processes are in the window at once and find the old set there; the pauses of 15 to 30 % of the time
  left then spread them over ${round(ours.afterRotation)} s, with ${ours.worstAtRotation} requests in the worst second.
- **In an outage** the pauses shrink towards the moment of expiry, so that everybody is there when the IMDS is back:
  ${round(ours.perMinuteInOutage)} requests a minute from ${CROWD} processes on average over eight hours, ${ours.worstInOutage} in the worst second, right after their
  common set has expired (three quarters of them are the retries of each request, which in truth are spread over a
  second or two). That buys this: when the IMDS is back, no process serves an expired set for longer than ${round(ours.longestStale)} s; with the
  JS SDK it is ${round(js.longestStale)} s.

For the defaults: the pauses stay as they are, and so does the delay of the timer. The one change that the simulation
asks for, a start of the window that is drawn at random, is not made: a call in the window starts the look at once.

## A common boot, then 48 hours

All processes start within a second, each calls once a second, and a new set appears hourly. In each cell: requests a minute;
requests in the worst second after the boot on the typical instance (on the worst of all).

${loadTable}

## Something happens to all at once

${CROWD} processes with a call a second. Rotation: sets are replaced five minutes before they expire. Outage: eight hours, which no
set outlives. The spread is the time in which nine tenths of the processes refresh.

${eventTable}

## What is assumed

- A failed look of this library counts four requests, in the same second; one of another client counts a single one.
- Every process holds one client. The JS SDK does all of this once for each client object.
- Requests beyond the limit are counted, not dropped, and a look takes no time.
`;
}
