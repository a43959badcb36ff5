import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "tsup";

const ROOT = resolve(import.meta.dirname, "../..");
const DOCUMENTS = ["package.json", "CHANGELOG.md", "LICENSE", "README.md"];

/** Bytes of the tarball that npm would publish. */
export function packedBytes(): number {
  const home = mkdtempSync(join(tmpdir(), "ec2-role-credentials-size-"));
  try {
    for (const file of DOCUMENTS)
      if (existsSync(join(ROOT, file))) copyFileSync(join(ROOT, file), join(home, file));
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
    if (entry === undefined) throw new Error("npm said nothing about the package");
    return entry.size;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Bytes of `.` as one file, minified and gzipped, without the packages of the SDK. */
export async function gzippedBytes(): Promise<number> {
  const outDir = mkdtempSync(join(tmpdir(), "ec2-role-credentials-gzip-"));
  mkdirSync(outDir, { recursive: true });
  let bytes = 0;
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
    esbuildPlugins: [
      {
        name: "gzipped-size",
        setup(bundler) {
          bundler.onEnd(({ outputFiles = [] }) => {
            for (const { contents } of outputFiles) bytes += gzipSync(contents, { level: 9 }).length;
          });
        },
      },
    ],
  });
  rmSync(outDir, { recursive: true, force: true });
  return bytes;
}
