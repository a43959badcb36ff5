import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian's packages and the programs of them that are used. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  radosgw: ["radosgw"],
  "ceph-mon": ["ceph-mon", "monmaptool"],
  "ceph-osd": ["ceph-osd"],
  "ceph-common": ["ceph", "ceph-authtool", "radosgw-admin"],
};

function isInstalled(program: string): boolean {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {}
  }
  return false;
}

const missing = (): string[] =>
  Object.values(PROGRAMS)
    .flat()
    .filter((program) => !isInstalled(program));

/** Why Ceph's gateway cannot be run here, as the report says it; undefined when it can. */
export function reasonToSkip(): string | undefined {
  const programs = missing();
  return programs.length === 0 ? undefined : `skipped: no ${programs.join(", ")}`;
}

/** Installs what is missing, where that is possible: as root, on Debian or one of its relatives. */
export function installWhatIsMissing(): void {
  if (missing().length === 0) return;
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0 || !isInstalled("apt-get")) return;
  const apt = (...args: string[]) =>
    spawnSync("apt-get", ["-qq", "-o", "Dpkg::Use-Pty=0", ...args], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0;
  const install = () => apt("install", "-y", "--no-install-recommends", ...Object.keys(PROGRAMS));
  process.stdout.write("installing Ceph's object gateway\n");
  // The lists of packages may be old, or not there at all.
  if (!install() && apt("update")) install();
}
