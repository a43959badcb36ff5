import { readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";

const SITE = resolve(import.meta.dirname, "../../../docs/.vitepress/dist");

/** A page of the built site. */
export interface Page {
  /** From the site's root, such as `/s3.html`. */
  readonly path: string;
  readonly title: string;
  readonly description: string;
  readonly anchors: ReadonlySet<string>;
  /** The targets of its links. */
  readonly links: readonly string[];
  /** The scripts, styles and pictures that the browser fetches for it. */
  readonly parts: readonly string[];
}

/** Every file of the site, by its path from the root. */
export const FILES: ReadonlySet<string> = new Set(
  readdirSync(SITE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(SITE.length)),
);

/** The content of a file of the site. */
export const textOf = (file: string): string => readFileSync(join(SITE, file), "utf8");

export const PAGES: readonly Page[] = [...FILES].filter((file) => file.endsWith(".html")).map(pageOf);

function unescaped(text: string): string {
  return text.replaceAll("&amp;", "&").replaceAll("&quot;", '"');
}

function valuesOf(html: string, pattern: RegExp): string[] {
  return [...html.matchAll(pattern)].map(([, value = ""]) => unescaped(value));
}

function pageOf(path: string): Page {
  const html = textOf(path);
  return {
    path,
    title: valuesOf(html, /<title>([^<]*)</g).join(),
    description: valuesOf(html, /<meta name="description" content="([^"]*)"/g).join(),
    anchors: new Set(valuesOf(html, /<[^>]* id="([^"]*)"/g)),
    links: valuesOf(html, /<a\b[^>]* href="([^"]*)"/g),
    parts: [
      ...valuesOf(html, /<link\b[^>]* href="([^"]*)"/g),
      ...valuesOf(html, /<(?:script|img)\b[^>]* src="([^"]*)"/g),
    ],
  };
}

/** A link within the site as its file and anchor; undefined for a link to another site. */
export function withinSite(from: Page, link: string): { file: string; anchor: string } | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [, path = "", anchor = ""] = /^([^#]*)#?(.*)$/.exec(link) ?? [];
  const file = path === "" ? from.path : posix.resolve(posix.dirname(from.path), path);
  const exact = path.endsWith("/") ? posix.join(file, "index.html") : file;
  return { file: decodeURI(exact), anchor: decodeURIComponent(anchor) };
}
