import { defineConfig, type TestUserConfig, type ViteUserConfig } from "vitest/config";

const RUN_DIRECTORY = "test/support/run-directory.ts";
const NODE_VERSIONS = "test/system/proxy/node-versions.ts";

/** Loaded before anything else in each test process; its worker threads inherit it only from here. */
const GUARDED: TestUserConfig = { execArgv: ["--require", "./test/support/network-guard.cjs"] };

/**
 * A hung test ends some time. No limit here is an assertion: every test also has to pass on a machine that is busy
 * with something else.
 */
const MINUTES = 60_000;

const UNIT: TestUserConfig = {
  ...GUARDED,
  globalSetup: [RUN_DIRECTORY],
  restoreMocks: true,
  testTimeout: 3 * MINUTES,
  hookTimeout: 3 * MINUTES,
  maxConcurrency: 24,
};

/** `npm run test:docs` has these, so that `npm test` ends within two minutes. */
const NOT_UNIT = ["test/system/docs/**/*.test.ts", "test/tools/**/*.test.ts"];

const PROJECTS: Readonly<Record<string, TestUserConfig>> = {
  unit: {
    ...UNIT,
    include: ["test/**/*.test.ts"],
    exclude: [...NOT_UNIT],
    // Most tests wait for sockets, deadlines and child processes rather than for a core.
    maxWorkers: 4,
  },
  // What documents say, and the tools: they run whole programs, which takes the time of all other tests.
  docs: { ...UNIT, include: [...NOT_UNIT], maxWorkers: 4 },
  interop: {
    include: ["test/system/interop/**/*.interop.ts"],
    globalSetup: [RUN_DIRECTORY, "test/system/interop/installed.ts"],
  },
  e2e: {
    include: ["test/system/e2e/**/*.e2e.ts"],
    globalSetup: ["test/system/e2e/global-setup.ts"],
  },
  hostile: { include: ["test/system/hostile/**/*.hostile.ts"], globalSetup: [RUN_DIRECTORY] },
  network: { include: ["test/system/hostile/**/*.network.ts"], globalSetup: [RUN_DIRECTORY] },
  proxy: { include: ["test/system/proxy/**/*.proxy.ts"], globalSetup: [RUN_DIRECTORY, NODE_VERSIONS] },
  examples: {
    ...GUARDED,
    include: ["test/system/examples/**/*.example.ts"],
    globalSetup: [RUN_DIRECTORY],
  },
  fit: {
    include: ["test/system/fit/**/*.fit.ts"],
    globalSetup: [RUN_DIRECTORY, NODE_VERSIONS, "test/system/fit/installed.ts"],
  },
  served: {
    include: ["test/system/serve/**/*.served.ts"],
    globalSetup: [RUN_DIRECTORY, "test/system/serve/installed.ts"],
    // A few seconds each, in which they wait for one another: clients repeat what fails.
    maxConcurrency: 4,
  },
  recipes: {
    ...GUARDED,
    include: ["test/system/recipes/**/*.recipe.ts"],
    globalSetup: [RUN_DIRECTORY, "test/system/recipes/installed.ts"],
  },
  environments: {
    include: ["test/system/environments/**/*.environment.ts"],
    globalSetup: [RUN_DIRECTORY, NODE_VERSIONS, "test/system/environments/installed.ts"],
  },
  // The site as `npm run docs` has built it.
  site: { include: ["test/system/site/**/*.site.ts"] },
};

/** The tests that decide about mutants: those that mirror the mutated folders, without what only takes time. */
const MUTATION: Readonly<Record<string, TestUserConfig>> = {
  mutation: {
    ...UNIT,
    sequence: { shuffle: false },
    include: ["cache", "config", "errors", "http", "imds", "provider"].map(
      (folder) => `test/${folder}/**/*.test.ts`,
    ),
    exclude: [
      "test/cache/{one-day,thirty-days,exploration/*}.test.ts",
      // Their programs run the built package, in which no mutant is active.
      "test/provider/two-copies.test.ts",
    ],
    // Fewer cases for each of many hundred mutants than for one library.
    env: { MODEL_RUNS: "24" },
  },
};

/** `npm run mutants` runs tests that `unit` has as well, so that the two are never there together. */
const projects = process.env.STRYKER_MUTATOR_WORKER === undefined ? PROJECTS : MUTATION;

const config: ViteUserConfig = defineConfig({
  test: {
    sequence: { shuffle: true },
    reporters: process.env.CI ? ["default", "./test/support/no-skips-reporter.ts"] : ["default"],
    projects: Object.entries(projects).map(([name, project], groupOrder) => ({
      test: {
        name,
        setupFiles: ["test/support/closed-network.ts"],
        testTimeout: 3 * MINUTES,
        hookTimeout: 3 * MINUTES,
        maxWorkers: 1,
        ...project,
        sequence: { shuffle: true, groupOrder, ...project.sequence },
      },
    })),
  },
});

export default config;
