import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import ts from "typescript";

const ROOT = resolve(import.meta.dirname, "../../..");

/** The guides in `docs`, by their paths in the repository. */
export const GUIDES: readonly string[] = readdirSync(resolve(ROOT, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => `docs/${file}`);

export const DOCUMENTS: readonly string[] = ["README.md", ...GUIDES];

/** A fenced block of code in one of the documents. */
export interface Snippet {
  readonly document: string;
  /** Of the line after the fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** The file's name, if the first line is a comment that gives it. */
  readonly fileName: string | undefined;
  readonly text: string;
}

/** In a group of snippets, the site shows a title in brackets. */
const FENCED = /^```(\w*)(?: \[[^\]\n]+\])?\n(.*?)^```$/gms;
const FILE_NAME = /^(?:\/\/|#) (\S+\.\w+)\n/;

/** The snippets of a document, by its path in the repository. */
export function snippetsOf(document: string): Snippet[] {
  const markdown = readFileSync(resolve(ROOT, document), "utf8");
  return [...markdown.matchAll(FENCED)].map(({ index, 1: language = "", 2: text = "" }) => ({
    document,
    line: markdown.slice(0, index).split("\n").length + 1,
    language,
    fileName: FILE_NAME.exec(text)?.[1],
    text,
  }));
}

/** What a document links to, outside its snippets. */
export function linksOf(document: string): string[] {
  const prose = readFileSync(resolve(ROOT, document), "utf8").replace(FENCED, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
}

/** The only snippet that fits; an error if there is none, or more than one. */
export function theSnippet(document: string, fits: (snippet: Snippet) => boolean): Snippet {
  const [snippet, ...others] = snippetsOf(document).filter(fits);
  if (!snippet || others.length > 0) {
    throw new Error(`${document} has ${snippet ? others.length + 1 : 0} snippets that fit, not one`);
  }
  return snippet;
}

/** The titles of the tests in a snippet. */
export function testTitles({ text }: Snippet): string[] {
  return [...text.matchAll(/^test\("(.*?)",/gm)].map(([, title = ""]) => title);
}

/** A TypeScript snippet without its types. */
export function javaScriptOf({ text }: Snippet): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  return outputText;
}

/** The output that the comments after `console.log` promise; "…" stands for anything. */
export function promisedOutput({ text }: Snippet): RegExp[] {
  return [...text.matchAll(/console\.log\(.*\);? \/\/ (.*)$/gm)].map(([, line = ""]) => {
    const parts = line.split("…").map((part) => part.replace(/[\^$.*+?()[\]{}|]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`, "m");
  });
}

/** A YAML parser is installed anyway, as a dependency of a tool. */
export function parseYaml(text: string, options: { customTags?: readonly object[] } = {}): unknown {
  const tool = resolve(ROOT, "node_modules/knip/package.json");
  return createRequire(tool)("yaml").parse(text, options);
}
