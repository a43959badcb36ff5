import type { MarkdownEnv } from "vitepress";

/**
 * How the search splits texts and questions into words, and which pages it prefers. An error code is a word besides its
 * parts, so that it finds its own section first. The site gets the source of these functions, so they use nothing else.
 */
export const SEARCH = {
  tokenize: (text: string): string[] => [
    ...text.split(/[\n\r\p{Z}\p{P}]+/u),
    ...(text.match(/[a-z0-9]+(?:_[a-z0-9]+)+/gi) ?? []),
  ],
  searchOptions: {
    fuzzy: 0.15,
    prefix: true,
    boost: { title: 4, text: 2, titles: 1 },
    // Guides first: the API reference, the pages about the project and those with measurements repeat their words.
    boostDocument: (id: string): number =>
      /^\/(api|project|architecture|benchmarks|reliability|scale|guarantees|comparison|sdk-versions)\b/.test(
        id,
      )
        ? 0.4
        : 1,
  },
};

/** Words that readers type and a page does not use, by page: they find its first section. */
const ALSO_FOUND_BY: Readonly<Record<string, string>> = {
  "get-started.md": "quick start quickstart getting started install installation npm tutorial hello world",
  "examples/README.md": "express samples sample code starter template",
  "instance-roles.md": "iam role instance profile concepts overview",
  "migrating.md": "fromInstanceMetadata migration upgrade replace",
  "assumed-roles.md": "assume role assumerole sts cross account fromTemporaryCredentials",
  "serve.md": "child process python boto3 default chain",
  "testing.md": "unit test mock imds vitest jest msw",
};

/** What is used here of the generator's Markdown renderer. */
interface Renderer {
  render(source: string, env: MarkdownEnv): string;
}

/** The HTML of a page as it is indexed. */
export function searchText(source: string, env: MarkdownEnv, md: Renderer): string {
  const html = md.render(source, env);
  if (env.frontmatter?.search === false) return "";
  const words = ALSO_FOUND_BY[env.relativePath];
  return words === undefined ? html : html.replace("</h1>", () => `</h1><p>${words}</p>`);
}
