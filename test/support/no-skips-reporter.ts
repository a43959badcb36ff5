import type { Reporter, TestModule } from "vitest/node";

/** For CI: a run in which a test was skipped fails, and names it. Nothing is left out in silence. */
export default class NoSkipsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests("skipped")]);
    if (skipped.length === 0) return;
    for (const { fullName, module } of skipped)
      console.error(`SKIPPED: ${module.relativeModuleId}: ${fullName}`);
    process.exitCode = 1;
  }
}
