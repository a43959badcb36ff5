// npm run simulate: docs/scale.md and docs/scale.svg, from a simulation with the policy functions of the library.

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { commonEvents, outageCourse, POLICIES, steadyLoads } from "./experiments.js";
import { panels, scaleDocument } from "./scale-document.js";
import { chart } from "./svg.js";

const DOCS = resolve(import.meta.dirname, "../../../docs");

const loads = new Map(
  POLICIES.map((policy) => {
    console.error(`simulating ${policy.name}`);
    return [policy.name, steadyLoads(policy)] as const;
  }),
);
const events = POLICIES.map(commonEvents);
const courses = new Map(POLICIES.map((policy) => [policy.name, outageCourse(policy)] as const));

writeFileSync(join(DOCS, "scale.svg"), chart(panels({ loads, events, courses })));
const document = scaleDocument({ loads, events, courses });
writeFileSync(join(DOCS, "scale.md"), document);
console.log(document);
