import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DefaultTheme } from "vitepress";

const DOCS = resolve(import.meta.dirname, "..");

/** The pages of a folder of `docs`, by their paths from there. */
const pagesIn = (folder: string): string[] =>
  existsSync(join(DOCS, folder))
    ? readdirSync(join(DOCS, folder)).flatMap((name) => {
        const [, page] = /^(.*)\.md$/.exec(name) ?? [];
        return page === undefined || page === "README" ? [] : [folder + page];
      })
    : [];

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "Getting started": [
    "get-started",
    "instance-roles",
    "set-up",
    "region",
    "local-development",
    "migrating",
    "examples/",
  ],
  Guides: [
    "s3",
    "other-clients",
    "assumed-roles",
    "where-does-the-provider-go",
    "serve",
    "refreshing",
    "options",
    "observability",
    "security",
    "runtimes",
  ],
  Recipes: pagesIn("recipes/"),
  Testing: ["testing", "testing-outages", "testing-other-processes"],
  Troubleshooting: ["troubleshooting", "faq"],
  Reference: ["api/ec2-role-credentials", "api/ec2-role-credentials/testing"],
  Internals: [
    "guarantees",
    "comparison",
    "sdk-versions",
    "architecture",
    "scale",
    "benchmarks",
    "reliability",
  ],
  Project: ["project/changelog", "project/contributing", "project/security"],
};

/** Groups that are closed until the reader opens them. */
const FOLDED: ReadonlySet<string> = new Set(["Recipes", "Internals", "Project"]);

/** For pages whose heading is not what a reader looks for in a list. */
const TITLES: Readonly<Record<string, string>> = {
  "api/ec2-role-credentials": "ec2-role-credentials",
  "api/ec2-role-credentials/testing": "ec2-role-credentials/testing",
  "project/changelog": "Changelog",
  "project/contributing": "Contributing",
  "project/security": "Reporting a vulnerability",
};

const file = (page: string): string => join(DOCS, `${page.replace(/\/$/, "/README")}.md`);

const titleOf = (page: string): string =>
  TITLES[page] ?? /^# (.*)$/m.exec(readFileSync(file(page), "utf8"))?.[1] ?? page;

const item = (page: string): DefaultTheme.SidebarItem => ({ text: titleOf(page), link: `/${page}` });

/** Every existing page; one that is in no group comes last. */
export function sidebar(): DefaultTheme.SidebarItem[] {
  const grouped = new Set(["index", ...Object.values(GROUPS).flat()]);
  const others = pagesIn("").filter((page) => !grouped.has(page));
  return Object.entries({ ...GROUPS, More: others })
    .map(([text, pages]) => ({
      text,
      items: pages.filter((page) => existsSync(file(page))).map(item),
      ...(FOLDED.has(text) && { collapsed: true }),
    }))
    .filter(({ items }) => items.length > 0);
}
