import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");

/** An entry of the lock file. */
export interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

const json = <T>(file: string): T => JSON.parse(readFileSync(resolve(ROOT, file), "utf8"));

/** The names of the packages whose code is in the built files, by the notice that the build writes. */
export function bundledPackages(notice: string): string[] {
  const [, ...sections] = notice.split(/^-{80}$/m);
  return sections.map((section) => {
    const [, name] = /^(\S+) \S+$/m.exec(section.trim()) ?? [];
    if (name === undefined) throw new Error(`the notice has a section without a name:\n${section}`);
    return name;
  });
}

/** What comes with the package: its dependencies, theirs, and what is bundled; by their place in the lock file. */
export function shippedPackages(bundled: readonly string[]): ReadonlyMap<string, LockedPackage> {
  const { packages } = json<Lock>("package-lock.json");
  const shipped = new Map<string, LockedPackage>();
  const walk = (name: string, parent: string): void => {
    const place = placeOf(name, parent, packages);
    const found = packages[place];
    if (!found) throw new Error(`the lock file has no ${name}`);
    if (shipped.has(place)) return;
    shipped.set(place, found);
    for (const dependency of Object.keys(found.dependencies ?? {})) walk(dependency, place);
  };
  const { dependencies } = json<Manifest>("package.json");
  for (const name of [...Object.keys(dependencies), ...bundled]) walk(name, "");
  return shipped;
}

/** As Node looks for it: in the package itself, then in each one around it. */
function placeOf(name: string, parent: string, packages: Lock["packages"]): string {
  const place = `${parent === "" ? "" : `${parent}/`}node_modules/${name}`;
  if (place in packages || parent === "") return place;
  return placeOf(name, parent.slice(0, Math.max(0, parent.lastIndexOf("/node_modules/"))), packages);
}
