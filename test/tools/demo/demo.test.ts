import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { ChildRun } from "../../support/child-process.js";
import { run } from "../../support/child-process.js";
import { Display } from "./display.js";

const ROOT = resolve(import.meta.dirname, "../../..");

/** From the sources, so that no build is needed and none is in the way; `npm run demo` runs what was built. */
const demo = (...args: string[]): Promise<ChildRun> =>
  run(process.execPath, ["--import", "tsx", join("test", "tools", "demo", "demo.ts"), ...args], {
    cwd: ROOT,
  });

describe.concurrent("the demo", () => {
  test("works through every rotation without one failed call", async () => {
    const { exitCode, stdout, stderr } = await demo();
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^PASSED/m);
    expect(stdout).toMatch(/^rotations +(\d+), picked up \1$/m);
    expect(stdout).toMatch(/^S3 calls +[1-9]/m);
    expect(stdout).toMatch(/^multipart upload +3 parts, signed with different keys: 2$/m);
    expect(stdout).toMatch(/^failed +0$/m);
    expect(exitCode).toBe(0);
  });

  test("fails with --freeze, when the first credentials are used for ever and expire", async () => {
    const { exitCode, stdout } = await demo("--freeze");
    expect(stdout).toMatch(/^FAILED: calls refused: ExpiredToken [1-9]\d*; rotations not picked up: 1;/m);
    expect(stdout).toMatch(/^rotations +1, picked up 0$/m);
    expect(exitCode).toBe(1);
  });
});

describe("the demo shows", () => {
  function shownBy(isTTY: boolean): string {
    let shown = "";
    const write = (text: string): boolean => {
      shown += text;
      return true;
    };
    const display = new Display({ isTTY, columns: 10, write: write as NodeJS.WriteStream["write"] });
    display.status("one");
    display.event("something happened");
    display.status("two, which is wider than the terminal");
    display.summary(["done"]);
    return shown.replace(/\d+\.\d s/g, "0.0 s");
  }

  test("on a terminal, one line that is kept up to date below the events", () => {
    const erase = "\r\u001b[K";
    expect(shownBy(true)).toBe(
      `${erase}one${erase}  0.0 s  something happened\n${erase}two, whic${erase}\ndone\n`,
    );
  });

  test("in a log, plain lines without control characters", () => {
    expect(shownBy(false)).toBe("  0.0 s  something happened\n\ndone\n");
  });
});
