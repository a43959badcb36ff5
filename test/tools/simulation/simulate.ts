// npm run simulate: traffic of many processes on one instance, with the library's own transitions and with the
// documented behavior of other clients. Prints two tables. Exits with 1 if this library exceeds its limit.

import { commonEvents, POLICIES, steadyLoads } from "./experiments.js";
import { THIS_LIBRARY } from "./this-library.js";

/** Requests in the worst second after the boot, of 256 busy processes on a typical instance. */
const MAX_IN_WORST_SECOND = 10;

const rows = (values: Readonly<Record<string, number | string>>): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "number" ? Math.round(value * 100) / 100 : value,
    ]),
  );

let largest = Number.POSITIVE_INFINITY;
for (const policy of POLICIES) {
  console.log(`\n${policy.name}: requests to the IMDS of one instance, each process with a call a second`);
  const loads = steadyLoads(policy);
  console.table(loads.map((load) => rows({ ...load })));
  if (policy === THIS_LIBRARY) largest = loads.at(-1)?.worstLater ?? largest;
}
console.log(
  "\n64 processes: after a common boot, at a rotation, and in an outage of eight hours (seconds, requests)",
);
console.table(POLICIES.map((policy) => rows({ ...commonEvents(policy) })));

const isWithinLimit = largest <= MAX_IN_WORST_SECOND;
console.log(
  `\n256 busy processes with this library: ${largest} requests in the worst second after the boot (limit ${MAX_IN_WORST_SECOND})`,
);
if (!isWithinLimit) process.exitCode = 1;
