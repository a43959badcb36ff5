import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DefaultTheme } from "vitepress";

const DOCS = resolve(import.meta.dirname, "..");

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  Begin: ["instance-roles", "set-up", "local-development", "moving"],
  Use: [
    "s3",
    "other-clients",
    "refreshing",
    "observability",
    "testing",
    "testing-other-processes",
    "runtimes",
  ],
  Help: ["troubleshooting", "faq", "security"],
  Reference: ["api/ec2-role-credentials", "api/ec2-role-credentials/testing"],
  Inside: ["architecture", "refreshing-tests", "benchmarks", "scale", "reliability"],
  Project: ["project/changelog", "project/contributing", "project/security"],
};

/** For pages whose heading says something else than what a reader looks for here. */
const TITLES: Readonly<Record<string, string>> = {
  "project/changelog": "Changelog",
  "project/contributing": "Contributing",
  "project/security": "Reporting a weakness",
};

const file = (page: string): string => join(DOCS, `${page}.md`);

const titleOf = (page: string): string =>
  TITLES[page] ?? /^# (.*)$/m.exec(readFileSync(file(page), "utf8"))?.[1] ?? page;

const item = (page: string): DefaultTheme.SidebarItem => ({ text: titleOf(page), link: `/${page}` });

/** Every page that is there; one that no group names is at the end rather than nowhere. */
export function sidebar(): DefaultTheme.SidebarItem[] {
  const grouped = new Set(Object.values(GROUPS).flat());
  const others = readdirSync(DOCS)
    .flatMap((name) => /^(.*)\.md$/.exec(name)?.[1] ?? [])
    .filter((page) => page !== "index" && !grouped.has(page));
  return Object.entries({ ...GROUPS, More: others })
    .map(([text, pages]) => ({ text, items: pages.filter((page) => existsSync(file(page))).map(item) }))
    .filter(({ items }) => items.length > 0);
}
