import { createRequire } from "node:module";
import { join } from "node:path";

/** Loads a package that is installed outside of this repository; its home is the program's first argument. */
// biome-ignore lint/suspicious/noExplicitAny: its types are not installed here
export const outsidePackage = (name: string): any =>
  createRequire(join(process.argv[2] ?? "", "package.json"))(name);
