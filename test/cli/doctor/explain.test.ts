import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { runDoctor } from "../../../src/cli/doctor/doctor.js";
import { EXPLANATIONS } from "../../../src/cli/doctor/explanations.js";
import { CHECKS } from "../../../src/cli/doctor/findings.js";

const TROUBLESHOOTING = readFileSync(new URL("../../../docs/troubleshooting.md", import.meta.url), "utf8");

/** The page's section of a code, without Markdown's marks. */
function sectionOf(code: string): string {
  const [, section = ""] = TROUBLESHOOTING.split(new RegExp(`^## ${code}$`, "m"));
  return section
    .split(/^## /m)[0]
    ?.replace(/\[([^\]]+)\]\([^)]+\)/g, "$1")
    .replaceAll("`", "") as string;
}

async function explain(code: string): Promise<{ printed: string; status: number }> {
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true).mockClear();
  const status = await runDoctor(["--explain", code]);
  return { printed: stdout.mock.calls.join(""), status };
}

describe.each(Object.entries(EXPLANATIONS))("%s", (code, { meaning, fixes }) => {
  test("is explained in the same words by the doctor and by the troubleshooting page", () => {
    const section = sectionOf(code);
    expect(section).toContain(meaning);
    for (const fix of fixes) expect(section).toContain(fix);
  });

  test("is printed with its fixes, in lines of 80 characters", async () => {
    const { printed, status } = await explain(code.toLowerCase());
    expect(status).toBe(0);
    expect(printed.startsWith(`${code}\n\n`)).toBe(true);
    const flowing = printed.replace(/\n {0,2}/g, " ");
    for (const text of [meaning, ...fixes]) expect(flowing).toContain(text);
    for (const line of printed.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

test("the page has a section for each code, and for nothing that looks like one", () => {
  const codes = [...TROUBLESHOOTING.matchAll(/^## ([A-Z_]+)$/gm)].map(([, code]) => code);
  expect(codes).toEqual(Object.keys(EXPLANATIONS));
});

test("each check has a file of its name", () => {
  const folder = new URL("../../../src/cli/doctor/checks", import.meta.url);
  const files = readdirSync(folder).sort();
  expect(files).toEqual(CHECKS.map((check) => `${check.toLowerCase().replaceAll(" ", "-")}.ts`).sort());
});
