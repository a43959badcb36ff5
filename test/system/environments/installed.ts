import type { TestProject } from "vitest/node";
import { installOutside } from "../../support/installed-outside.js";
import { installRuntime, type Runtime } from "../fit/installed.js";

/** A family of OpenTelemetry's packages that belong together, and where they are installed. */
export interface OpenTelemetry {
  readonly family: string;
  readonly home: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    openTelemetries: readonly OpenTelemetry[];
    /** Has other vendors' agents in its `node_modules`. */
    agents: string;
    /** Has what stands in for the environment of a test in its `node_modules`. */
    testTools: string;
    otherRuntimes: Readonly<Record<Runtime, string>>;
  }
}

/** From the newest that go together to the first that were called stable. */
const OPENTELEMETRY: Readonly<Record<string, readonly string[]>> = {
  "SDK 2.12, API 1.9": ["api@~1.9.0", "sdk-trace-node@~2.12.0", "instrumentation-http@~0.223.0"],
  "SDK 2.0, API 1.9": ["api@~1.9.0", "sdk-trace-node@~2.0.0", "instrumentation-http@~0.200.0"],
  "SDK 1.15, API 1.4": ["api@~1.4.0", "sdk-trace-node@~1.15.0", "instrumentation-http@~0.41.0"],
  "SDK 1.0, API 1.0": ["api@~1.0.0", "sdk-trace-node@~1.0.0", "instrumentation-http@~0.27.0"],
};

/** Installs what is not there yet. */
export default function setup({ provide }: TestProject): void {
  provide(
    "openTelemetries",
    Object.entries(OPENTELEMETRY).map(([family, packages]) => ({
      family,
      home: installOutside(
        `opentelemetry-${family.replace(/\W+/g, "-")}`,
        packages.map((name) => `@opentelemetry/${name}`),
      ),
    })),
  );
  provide("agents", installOutside("agents", ["dd-trace@5", "aws-xray-sdk-core@3"]));
  provide(
    "testTools",
    installOutside("test-tools", ["jest-environment-jsdom@30", "@sinonjs/fake-timers@15"]),
  );
  provide("otherRuntimes", { bun: installRuntime("bun"), deno: installRuntime("deno") });
}
