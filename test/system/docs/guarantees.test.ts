import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");

/** The cells of a table row that name tests. */
const TESTS = /^\| [^|]+ \| ((?:`[a-z0-9/-]+`(?:, )?)+) \|$/gm;

test("every guarantee names tests that exist", () => {
  const page = readFileSync(join(ROOT, "docs/guarantees.md"), "utf8");
  const rows = page.match(/^\| .* \|$/gm)?.filter((row) => !/^\| (guarantee|---)/.test(row)) ?? [];
  const named = [...page.matchAll(TESTS)].map(([, cell = ""]) => cell);
  const paths = named.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path));

  expect(named).toHaveLength(rows.length);
  const missing = paths.filter(
    (path) => ![path, `${path}.test.ts`].some((one) => existsSync(join(ROOT, "test", one))),
  );
  expect(missing).toEqual([]);
});
