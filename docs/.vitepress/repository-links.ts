import type { MarkdownRenderer } from "vitepress";
import { linkOnSite, pictureOnSite } from "./origins.js";

type Token = ReturnType<MarkdownRenderer["parse"]>[number];

/** Turns links and pictures of the repository into those of the site. A link to a file that is not on the site becomes plain text. */
export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    for (const token of tokens) if (token.children) rewrite(token.children, env.relativePath);
  });
}

function rewrite(tokens: Token[], page: string): void {
  let dropping = false;
  for (const token of tokens) {
    if (token.type === "link_close" && dropping) {
      blank(token);
      dropping = false;
    }
    if (token.type === "image") token.attrSet("src", pictureOnSite(page, String(token.attrGet("src"))));
    if (token.type !== "link_open") continue;
    const link = linkOnSite(page, String(token.attrGet("href")));
    if (link !== undefined) token.attrSet("href", link);
    else {
      blank(token);
      dropping = true;
    }
  }
}

function blank(token: Token): void {
  token.type = "text";
  token.tag = "";
  token.nesting = 0;
  token.content = "";
}
