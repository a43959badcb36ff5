import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "tsup";

const ROOT = resolve(import.meta.dirname, "../../..");
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

/** The library as one file, minified, without the packages of the SDK. */
export interface MinifiedSize {
  readonly gzippedBytes: number;
  /** What it is made of: each part's share of the minified bytes, largest first. */
  readonly parts: readonly (readonly [part: string, share: number])[];
}

/** Which part a file belongs to: the first pattern that fits. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/node_modules/, "p-retry and is-network-error"],
  [/errors|error-from-failure|request-failure|json-object/, "errors and their texts"],
  [/settings|options|shared-config|endpoint/, "options, environment and config file"],
  [
    /cache|refresh|shared-credentials|weak-timer|clock|detached|recent-ids|membership/,
    "cache, policy, events",
  ],
  [/http-exchange|transport|retry-policy|request-with-retries|load-package/, "connections and retries"],
  [/session-token|metadata-reader|role|credentials-document/, "token, role and document"],
  [/plugin|from-instance-role|client|region/, "what is exported: provider, plugin, client"],
];

export async function minifiedSize(): Promise<MinifiedSize> {
  const outDir = mkdtempSync(join(tmpdir(), "ec2-role-credentials-gzip-"));
  let gzippedBytes = 0;
  const bytes = new Map<string, number>();
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
        name: "minified-size",
        setup(bundler) {
          bundler.initialOptions.metafile = true;
          bundler.onEnd(({ outputFiles = [], metafile }) => {
            for (const { contents } of outputFiles) gzippedBytes += gzipSync(contents, { level: 9 }).length;
            for (const { inputs } of Object.values(metafile?.outputs ?? {})) {
              for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
                const part = PARTS.find(([pattern]) => pattern.test(file))?.[1] ?? "the rest";
                bytes.set(part, (bytes.get(part) ?? 0) + bytesInOutput);
              }
            }
          });
        },
      },
    ],
  });
  rmSync(outDir, { recursive: true, force: true });
  const all = [...bytes.values()].reduce((sum, each) => sum + each, 0);
  const parts = [...bytes].map(([part, each]): [string, number] => [part, each / all]);
  return { gzippedBytes, parts: parts.sort(([, a], [, b]) => b - a) };
}
