import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { SEARCH } from "../../../docs/.vitepress/search.js";
import { FILES } from "./built-site.js";

const ROOT = resolve(import.meta.dirname, "../../..");

interface Index {
  search(question: string): readonly { readonly id: string }[];
}

interface MiniSearch {
  loadJSON(index: string, options: object): Index;
}

/** The site's index, searched as the page does it: with the options of the theme and of this site. */
export async function searchIndex(): Promise<Index> {
  const chunk = [...FILES].find((file) => /@localSearchIndexroot\.[^/]*\.js$/.test(file));
  if (!chunk) throw new Error("the site has no search index");
  const { default: index }: { default: string } = await import(
    pathToFileURL(resolve(ROOT, "docs/.vitepress/dist", `.${chunk}`)).href
  );
  // A dependency of the generator.
  const library: MiniSearch = createRequire(resolve(ROOT, "node_modules/vitepress/package.json"))(
    "minisearch",
  );
  return library.loadJSON(index, {
    fields: ["title", "titles", "text"],
    storeFields: ["title", "titles"],
    ...SEARCH,
  });
}
