import { cp } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { run } from "../../support/child-process.js";
import { JEST, outcomesOf, projectWith, VITEST } from "../docs/test-runs.js";

const tools = inject("testTools");
const FAKE_TIMERS = join(tools, "node_modules/@sinonjs/fake-timers");

/** Each makes timers fake in its own way, and runs the same cases. */
const jest = (when: string): string => `
  const { casesOf } = require("./fake-timers.cjs");
  const install = () => {
    jest.useFakeTimers();
    return { advance: (ms) => jest.advanceTimersByTimeAsync(ms), restore: () => jest.useRealTimers() };
  };
  for (const [title, run] of casesOf(install, "${when}")) test(title, run);
`;

const vitest = (when: string): string => `
  import { createRequire } from "node:module";
  import { test, vi } from "vitest";
  const { casesOf } = createRequire(import.meta.url)("./fake-timers.cjs");
  const install = () => {
    vi.useFakeTimers();
    return { advance: (ms) => vi.advanceTimersByTimeAsync(ms), restore: () => vi.useRealTimers() };
  };
  for (const [title, run] of casesOf(install, "${when}")) test(title, run);
`;

const nodeTest = (when: string): string => `
  const { mock, test } = require("node:test");
  const { casesOf } = require("./fake-timers.cjs");
  const install = () => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate", "Date"], now: Date.now() });
    return { advance: (ms) => mock.timers.tick(ms), restore: () => mock.timers.reset() };
  };
  for (const [title, run] of casesOf(install, "${when}")) test(title, run);
`;

/** Without a runner: nothing but the library keeps the process alive while a call waits. */
const sinon = (when: string): string => `
  const FakeTimers = require(${JSON.stringify(FAKE_TIMERS)});
  const { casesOf } = require("./fake-timers.cjs");
  const install = () => {
    // Not \`nextTick\` and \`queueMicrotask\`, without which Node's own \`http\` stands still.
    const toFake = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"];
    const clocks = ["Date", "performance", "hrtime"];
    const clock = FakeTimers.install({
      now: Date.now(),
      toFake: [...toFake, ...clocks],
      shouldClearNativeTimers: true,
    });
    return { advance: (ms) => clock.tickAsync(ms), restore: () => clock.uninstall() };
  };
  (async () => {
    for (const [title, run] of casesOf(install, "${when}")) {
      await run();
      console.log("passed: " + title);
    }
  })();
`;

async function projectOf(fileName: string, text: string, installed: readonly string[] = []): Promise<string> {
  const project = await projectWith(installed, [{ fileName, text }]);
  for (const program of ["fake-timers.cjs", "small-imds.cjs"]) {
    await cp(join(import.meta.dirname, "programs", program), join(project, program));
  }
  return project;
}

const CASES = [
  "good responses need no clock",
  "a 503 is retried as soon as the clock has been advanced",
  "silence is a timeout as soon as the clock is past the deadline",
  "credentials are refreshed by the test's clock",
  "a call that waits for a clock which is never advanced again",
];
const ALL_PASSED = Object.fromEntries(CASES.map((title) => [title, "passed"]));

// Every runner here ends by itself, or the test does not: none is told to exit.
describe.for(["before", "after"])("fake timers that come %s the library is loaded", (order) => {
  // What the program is told is when the library is loaded.
  const when = order === "before" ? "after" : "before";

  test("of Jest", async () => {
    const project = await projectOf("fake.test.cjs", jest(when), ["jest"]);
    // The last case leaves a call that waits; what is asked is whether that ends.
    const args = JEST.filter((arg) => arg !== "--detectOpenHandles");
    expect(Object.fromEntries(await outcomesOf(project, args))).toEqual(ALL_PASSED);
  });

  test("of vitest", async () => {
    const project = await projectOf("fake.test.mjs", vitest(when), ["vitest"]);
    expect(Object.fromEntries(await outcomesOf(project, VITEST))).toEqual(ALL_PASSED);
  });

  test.for(inject("nodes"))("of node:test, Node $major", async ({ path }) => {
    const project = await projectOf("fake.test.cjs", nodeTest(when));
    const { exitCode, stdout } = await run(path, ["--test", "--test-reporter=tap", "fake.test.cjs"], {
      cwd: project,
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining("# fail 0") });
    for (const title of CASES) expect(stdout).toContain(title);
  });

  test("of sinon, without a runner", async () => {
    const project = await projectOf("fake.cjs", sinon(when));
    const { exitCode, stdout, stderr } = await run(process.execPath, ["fake.cjs"], { cwd: project });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout.trim().split("\n")).toEqual(CASES.map((title) => `passed: ${title}`));
  });
});
