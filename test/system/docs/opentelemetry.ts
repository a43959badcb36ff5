import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const OPENTELEMETRY = "@opentelemetry/api";

/** The part of OpenTelemetry's API that the documents use, from its documentation. */
const TYPES = `
type Attributes = Record<string, string | number | boolean>;
interface Options { unit?: string; description?: string }
interface Counter { add(value: number, attributes?: Attributes): void }
interface Histogram { record(value: number, attributes?: Attributes): void }
interface Meter {
  createCounter(name: string, options?: Options): Counter;
  createHistogram(name: string, options?: Options): Histogram;
}
export declare const metrics: { getMeter(name: string, version?: string): Meter };
`;

/** Each instrument prints that it was created, and what it measures. */
const CODE = `
const instrument = (name, options = {}) => {
  console.log(\`created \${name}\`);
  const measure = (value, attributes) => console.log(\`\${name} \${typeof value} \${JSON.stringify({ ...options, ...attributes })}\`);
  return { add: measure, record: measure };
};
export const metrics = { getMeter: () => ({ createCounter: instrument, createHistogram: instrument }) };
`;

/** Puts a stand-in for OpenTelemetry's API, which this repository does not have, into a project. */
export async function installOpenTelemetry(project: string): Promise<void> {
  const directory = join(project, "node_modules", OPENTELEMETRY);
  await mkdir(directory, { recursive: true });
  const manifest = { name: OPENTELEMETRY, type: "module", main: "index.js", types: "index.d.ts" };
  await writeFile(join(directory, "package.json"), JSON.stringify(manifest));
  await writeFile(join(directory, "index.js"), CODE);
  await writeFile(join(directory, "index.d.ts"), TYPES);
}
