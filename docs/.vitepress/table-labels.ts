import type { MarkdownRenderer } from "vitepress";

/** Writes the heading of its column on every cell of a table, for phones: there a row is shown as a card. */
export function tableLabels(md: MarkdownRenderer): void {
  md.core.ruler.push("table-labels", ({ tokens }) => {
    let labels: string[] = [];
    let column = 0;
    for (const [index, token] of tokens.entries()) {
      if (token.type === "thead_open") labels = [];
      if (token.type === "tr_open") column = 0;
      if (token.type === "th_open") labels.push((tokens[index + 1]?.content ?? "").replaceAll("`", ""));
      if (token.type === "td_open") token.attrSet("data-label", labels[column++] ?? "");
    }
  });
}
