import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Imports {
  /** Loaded with the file. */
  readonly eager: ReadonlySet<string>;
  /** Loaded by an `import()` or a `createRequire` when it is reached. */
  readonly lazy: ReadonlySet<string>;
}

const EAGER = /^\s*(?:import|export)\b(?:[^"';]*?\bfrom)?\s*"([^"]+)"/gm;
const LAZY = /\bimport\(\s*"([^"]+)"\s*\)/g;

const specifiers = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, specifier = ""]) => specifier);

/**
 * What a built ES module imports from other packages and from Node, its own chunks followed. What a chunk that
 * is loaded lazily imports counts as lazy.
 */
export function importsOf(entry: string): Imports {
  const eager = new Set<string>();
  const lazy = new Set<string>();
  const seen = new Set<string>();
  const walk = (file: string, into: Set<string>) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    const found: [string, Set<string>][] = [
      ...specifiers(text, EAGER).map((name): [string, Set<string>] => [name, into]),
      ...specifiers(text, LAZY).map((name): [string, Set<string>] => [name, lazy]),
    ];
    for (const [specifier, set] of found) {
      if (specifier.startsWith(".")) walk(join(dirname(file), specifier), set);
      else set.add(specifier);
    }
  };
  walk(entry, eager);
  return { eager, lazy };
}
