import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { InstanceMetadataErrorCode } from "../../../src/index.js";
import * as library from "../../../src/index.js";
import * as testing from "../../../src/testing/index.js";
import { FILES, PAGES, type Page, textOf, withinSite } from "./built-site.js";
import { searchIndex } from "./search.js";

/** A record, so that a missing code does not compile. */
const CODES: Readonly<Record<InstanceMetadataErrorCode, true>> = {
  IMDS_DISABLED: true,
  IMDS_UNREACHABLE: true,
  IMDS_TIMEOUT: true,
  IMDS_FORBIDDEN: true,
  TOKEN_REJECTED: true,
  TOKEN_UNSUPPORTED: true,
  UNAUTHORIZED: true,
  NO_ROLE_ATTACHED: true,
  ROLE_NOT_ASSUMABLE: true,
  THROTTLED: true,
  SERVER_ERROR: true,
  INVALID_RESPONSE: true,
  NOT_FOUND: true,
  INVALID_CONFIGURATION: true,
  ABORTED: true,
};

const ERROR_CODES = Object.keys(CODES);

const BY_PATH: ReadonlyMap<string, Page> = new Map(PAGES.map((page) => [page.path, page]));

function pageAt(path: string): Page {
  const page = BY_PATH.get(path);
  if (!page) throw new Error(`the site has no page ${path}`);
  return page;
}

function isDead(page: Page, link: string): boolean {
  const target = withinSite(page, link);
  if (!target) return false;
  if (!FILES.has(target.file)) return true;
  return target.anchor !== "" && !pageAt(target.file).anchors.has(target.anchor);
}

test("no link is dead, and no anchor", () => {
  const dead = PAGES.flatMap((page) =>
    [...page.links, ...page.parts]
      .filter((link) => isDead(page, link))
      .map((link) => `${page.path}: ${link}`),
  );
  expect(dead).toEqual([]);
  expect(PAGES.flatMap(({ links }) => links).length).toBeGreaterThan(PAGES.length);
});

test("every page has a title and a description, and the site an icon", () => {
  expect(
    PAGES.filter(({ title, description }) => title === "" || description === "").map(({ path }) => path),
  ).toEqual([]);
  const icons = PAGES.flatMap(({ parts }) => parts).filter((part) => part === "/favicon.svg");
  expect(icons.length).toBeGreaterThan(0);
  expect(FILES.has("/favicon.svg")).toBe(true);
});

test("every picture has colours for a dark page", () => {
  const folders = ["docs", "docs/public"].map((folder) => resolve(import.meta.dirname, "../../..", folder));
  const pictures = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".svg") && name !== "favicon.svg")
      .map((name) => join(folder, name)),
  );
  const isForLightPagesOnly = (path: string) =>
    !readFileSync(path, "utf8").includes("prefers-color-scheme: dark");
  expect(pictures.filter(isForLightPagesOnly)).toEqual([]);
  expect(pictures.length).toBeGreaterThan(2);
});

test("every cell of a table says which column it is of, for phones", () => {
  const cells = [...FILES]
    .filter((file) => file.endsWith(".html"))
    .flatMap((file) => textOf(file).match(/<td[ >][^>]*/g) ?? []);
  expect(cells.filter((cell) => !cell.includes("data-label="))).toEqual([]);
  expect(cells.length).toBeGreaterThan(100);
});

test("no page fetches anything from other sites", () => {
  const foreign = PAGES.flatMap(({ parts }) => parts).filter((part) => /^(?!data:)([a-z]+:|\/\/)/.test(part));
  expect(foreign).toEqual([]);
});

test("every page can be reached from the first one", () => {
  const reached = new Set(["/index.html"]);
  for (const path of reached) {
    const page = pageAt(path);
    for (const link of page.links) {
      const file = withinSite(page, link)?.file;
      if (file?.endsWith(".html")) reached.add(file);
    }
  }
  expect(PAGES.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual(["/404.html"]);
});

test("every error code has its section in the troubleshooting page", () => {
  const { anchors } = pageAt("/troubleshooting.html");
  expect(ERROR_CODES.filter((code) => !anchors.has(code.toLowerCase()))).toEqual([]);
});

test("the search puts the section of an error code first", async () => {
  const index = await searchIndex();
  const first = ERROR_CODES.map((code) => [code, index.search(code)[0]?.id]);
  expect(first).toEqual(ERROR_CODES.map((code) => [code, `/troubleshooting.html#${code.toLowerCase()}`]));
});

test.for([
  ["quick start", "/get-started.html"],
  ["quickstart", "/get-started.html"],
  ["install", "/get-started.html"],
  ["express", "/examples/"],
  ["hop limit", "/(set-up|troubleshooting|faq).html"],
  ["region", "/region.html"],
  ["options", "/options.html"],
  ["environment variables", "/(options|region|serve|local-development).html"],
  ["jest", "/testing.html"],
  ["rotation", "/testing.html"],
  ["ssrf", "/(security|faq).html"],
  ["imdsv1", "/(faq|options|security|troubleshooting|migrating).html"],
  ["assume role", "/assumed-roles.html"],
  ["ExpiredToken", "/s3.html"],
  ["presigned", "/s3.html"],
  ["doctor", "/(set-up|get-started|troubleshooting).html"],
  ["docker compose", "/testing-other-processes.html"],
  ["terraform", "/set-up.html"],
  ["fromInstanceMetadata", "/migrating.html"],
  ["sdk v2", "/recipes/sdk-v2.html"],
  ["minio", "/recipes/minio.html"],
  ["kafka", "/recipes/kafka.html"],
  ["child process", "/(serve|testing-other-processes).html"],
  ["opentelemetry", "/observability.html"],
] as const)("the search for %s finds %s first", async ([question, page]) => {
  const index = await searchIndex();
  expect(index.search(question)[0]?.id).toMatch(new RegExp(`^${page}`));
});

test.for([
  ["/api/ec2-role-credentials.html", library],
  ["/api/ec2-role-credentials/testing.html", testing],
] as const)("%s describes all that can be imported", ([path, entryPoint]) => {
  const { anchors } = pageAt(path);
  const names = Object.keys(entryPoint);
  expect(names.filter((name) => !anchors.has(name.toLowerCase()))).toEqual([]);
  expect(names).not.toEqual([]);
});
