import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "tsup";

const ROOT = resolve(import.meta.dirname, "../../..");
const { files }: { files: readonly string[] } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
/** What is published besides what is built. */
const DOCUMENTS = ["package.json", ...files.filter((file) => file !== "dist" && !file.startsWith("!"))];

/** Bytes of the tarball that npm would publish. */
export function packedBytes(): number {
  const home = mkdtempSync(join(tmpdir(), "ec2-role-credentials-size-"));
  try {
    for (const file of DOCUMENTS) cpSync(join(ROOT, file), join(home, file), { recursive: true });
    const tsup = [
      join(ROOT, "node_modules/tsup/dist/cli-default.js"),
      "--silent",
      "--outDir",
      join(home, "dist"),
    ];
    const built = spawnSync(process.execPath, tsup, { cwd: ROOT, encoding: "utf8" });
    if (built.status !== 0) throw new Error(`the package cannot be built\n${built.stderr}`);
    const packed = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", "--offline"], {
      cwd: home,
      encoding: "utf8",
    });
    if (packed.status !== 0) throw new Error(`the package cannot be packed\n${packed.stderr}`);
    const report: unknown = JSON.parse(packed.stdout);
    const [entry] = Object.values(report as Record<string, { size: number }>);
    if (entry === undefined) throw new Error("npm reports nothing about the package");
    return entry.size;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Bytes of the library as one file, minified and gzipped, without the packages of the SDK. */
export async function minifiedBytes(): Promise<number> {
  const outDir = mkdtempSync(join(tmpdir(), "ec2-role-credentials-gzip-"));
  await build({
    config: false,
    entry: { index: join(ROOT, "src/index.ts") },
    outDir,
    format: "esm",
    target: "node20",
    platform: "node",
    splitting: false,
    silent: true,
    minify: true,
    noExternal: ["p-retry", "is-network-error"],
  });
  const { length } = gzipSync(readFileSync(join(outDir, "index.js")), { level: 9 });
  rmSync(outDir, { recursive: true, force: true });
  return length;
}
