import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Names of programs, by the Debian package that has them. */
export type Programs = Readonly<Record<string, readonly string[]>>;

function isInstalled(program: string): boolean {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {}
  }
  return false;
}

/** Which of the programs are not here. */
export const missingOf = (programs: Programs): string[] =>
  Object.values(programs)
    .flat()
    .filter((program) => !isInstalled(program));

/** Installs what is missing, where that is possible: as root, on Debian or one of its relatives. */
export function installWhatIsMissing(programs: Programs): void {
  const missing = missingOf(programs);
  if (missing.length === 0) return;
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0 || !isInstalled("apt-get")) return;
  const apt = (...args: string[]) =>
    spawnSync("apt-get", ["-qq", "-o", "Dpkg::Use-Pty=0", ...args], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0;
  const install = () => apt("install", "-y", "--no-install-recommends", ...Object.keys(programs));
  process.stdout.write(`installing what has ${missing.join(", ")}\n`);
  // The lists of packages may be old, or not there at all.
  if (!install() && apt("update")) install();
}
