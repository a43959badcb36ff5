import { existsSync } from "node:fs";
import { join, posix, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** Pages that only include a document from another folder of the repository, and that document. */
const INCLUDED: Readonly<Record<string, string>> = {
  "project/changelog.md": "CHANGELOG.md",
  "project/contributing.md": ".github/CONTRIBUTING.md",
  "project/security.md": ".github/SECURITY.md",
};

const PAGE_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(INCLUDED).map(([page, document]) => [document, page]),
);

/**
 * A link is written for the repository; this is the same link on the site.
 *
 * @param page the page with the link, by its path in the site's sources
 * @returns undefined for a link to a file that is in the repository and not on the site
 * @throws Error for a link to a file that does not exist
 */
export function linkOnSite(page: string, link: string): string | undefined {
  if (/^([a-z]+:|#|\/)/.test(link)) return link;
  const [, path = "", anchor = ""] = /^([^#]*)(.*)$/.exec(link) ?? [];
  const from = INCLUDED[page] ?? `docs/${page}`;
  const target = posix.join(posix.dirname(from), path);
  if (!existsSync(join(ROOT, target))) throw new Error(`${from} links to ${link}, which does not exist`);
  const included = PAGE_OF.get(target);
  if (included !== undefined) return `/${included}${anchor}`;
  const [, onSite] = /^docs\/(.*)$/.exec(target) ?? [];
  if (onSite === undefined) return undefined;
  // The files of an example are on one page, named like its folder.
  const [, example] = /^examples\/([^/]+)(?:\/.*)?$/.exec(onSite) ?? [];
  if (example !== undefined && example !== "README.md") return `/examples/${example}`;
  return `/${onSite.replace(/README\.md$/, "index.md")}${anchor}`;
}

/** The same for a picture, which the generator needs as a path relative to the page. */
export function pictureOnSite(page: string, source: string): string {
  const onSite = linkOnSite(page, source);
  if (onSite === undefined) throw new Error(`${page} shows ${source}, which is not below docs`);
  return onSite.startsWith("/") ? `./${posix.relative(posix.dirname(`/${page}`), onSite)}` : onSite;
}
