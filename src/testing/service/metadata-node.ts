import { types } from "node:util";
import { refuse } from "./checks.js";

/** The content of a metadata path: text, or bytes that are served as they are. */
export type MetadataContent = string | Uint8Array;

/** Content, or a folder. Names are path segments. */
export type MetadataNode = MetadataContent | MetadataFolder;

export interface MetadataFolder {
  readonly [name: string]: MetadataNode;
}

/** Also for bytes of another realm, as those of a test in Jest are. */
export const isBytes = (value: unknown): value is Uint8Array => types.isUint8Array(value);

/** A copy: a change of the caller's bytes changes nothing here. */
export function checkContent(name: string, value: unknown): MetadataContent {
  if (typeof value === "string") return value;
  return isBytes(value) ? Buffer.from(value) : refuse(name, "a string, a Uint8Array or null", value);
}

export const isFolder = (node: MetadataNode | undefined): node is MetadataFolder =>
  typeof node === "object" && !isBytes(node);

/** What a path leads to; undefined if it leads nowhere. */
export function findNode(tree: MetadataNode, segments: readonly string[]): MetadataNode | undefined {
  let node: MetadataNode | undefined = tree;
  // A name that every object has, such as "constructor", is not in the folder.
  for (const segment of segments)
    node = isFolder(node) && Object.hasOwn(node, segment) ? node[segment] : undefined;
  return node;
}

/** The folder with other content at a path; with `null` without it, and without the folders that it leaves empty. */
export function withContent(
  folder: MetadataFolder,
  [name = "", ...rest]: readonly string[],
  content: MetadataContent | null,
): MetadataFolder {
  const inner = Object.hasOwn(folder, name) ? folder[name] : undefined;
  const others = Object.entries(folder).filter(([other]) => other !== name);
  const replacement = rest.length === 0 ? content : withContent(isFolder(inner) ? inner : {}, rest, content);
  const nothingLeft =
    replacement === null || (content === null && isFolder(replacement) && isEmpty(replacement));
  // Not by assignment: the name may be `__proto__`.
  return Object.fromEntries(nothingLeft ? others : [...others, [name, replacement]]);
}

const isEmpty = (folder: MetadataFolder): boolean => Object.keys(folder).length === 0;

/** The names of `/<version>/` and of public keys are listed in forms of their own. */
function listedName(path: readonly string[], name: string, node: MetadataNode): string {
  if (path.length === 0) return name;
  if (path.join("/") === "meta-data/public-keys") return `${name}=mock-key`;
  return isFolder(node) ? `${name}/` : name;
}

/** A folder as EC2 lists it: a name a line in alphabetical order, folders with a slash. */
export const listing = (path: readonly string[], folder: MetadataFolder): string =>
  Object.entries(folder)
    .map(([name, node]) => listedName(path, name, node))
    .sort()
    .join("\n");
