import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { VERSION } from "../../../src/runtime/version.js";
import { importsOf } from "../../support/built-file-imports.js";
import { run } from "../../support/child-process.js";
import { MANIFEST, packedPackage } from "../../support/packed-package.js";

const dist = async () => join(await packedPackage(), "dist");
const scripts = (directory: string) => readdirSync(directory).filter((name) => /\.c?js$/.test(name));
const packageOf = (specifier: string) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? "";

const NETWORK = /^node:(https?|http2|net|tls|dns)$/;

test("importing the library loads no other package and no HTTP: those come with the first use", async () => {
  const { eager, lazy } = importsOf(join(await dist(), "index.js"));

  expect(eager.size).toBeGreaterThan(0);
  expect([...eager].filter((name) => !name.startsWith("node:") || NETWORK.test(name))).toEqual([]);
  expect([...lazy].sort()).toEqual([
    "@smithy/node-http-handler",
    "node:crypto",
    "node:dns",
    "node:http",
    "node:https",
    "node:net",
    "node:worker_threads",
  ]);
});

test("what the library loads comes from Node or from a declared dependency", async () => {
  const { eager, lazy } = importsOf(join(await dist(), "index.js"));
  const foreign = [...eager, ...lazy].filter((name) => !name.startsWith("node:")).map(packageOf);

  expect(foreign.filter((name) => !(name in MANIFEST.dependencies))).toEqual([]);
});

test("the files of the library never name msw", async () => {
  const directory = await dist();
  for (const file of ["index.js", "index.cjs", "index.d.ts", "index.d.cts"]) {
    expect(readFileSync(join(directory, file), "utf8")).not.toMatch(/\bmsw\b/);
  }
});

test("the mocked IMDS loads nothing with itself that could be missing", async () => {
  const { eager } = importsOf(join(await dist(), "testing.js"));

  expect([...eager].filter((name) => !name.startsWith("node:"))).toEqual([]);
});

test("the CommonJS files have no dynamic import, which fails inside Jest", async () => {
  const directory = await dist();
  const files = scripts(directory).filter((name) => name.endsWith(".cjs"));

  expect(files).toContain("index.cjs");
  for (const file of files) expect(readFileSync(join(directory, file), "utf8")).not.toMatch(/\bimport\s*\(/);
});

test("no file refers to a source map, as none is published", async () => {
  const directory = await dist();
  for (const file of scripts(directory)) {
    expect(readFileSync(join(directory, file), "utf8")).not.toContain("sourceMappingURL");
  }
});

test("no published file names a directory of the machine that built it", async () => {
  const directory = await packedPackage();
  const home = resolve(import.meta.dirname, "../../..");
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    expect(readFileSync(join(entry.parentPath, entry.name), "utf8")).not.toContain(home);
  }
});

test("the version sent in the user agent is the package's", () => {
  expect(VERSION).toBe(MANIFEST.version);
});

test.each(["index.d.ts", "index.d.cts", "testing.d.ts", "testing.d.cts"])(
  "every type that %s declares is exported, so that users can name it",
  async (file) => {
    const text = readFileSync(join(await dist(), file), "utf8");
    const declared = [...text.matchAll(/^(?:declare )?(?:interface|type|class|enum) (\w+)/gm)];
    const [, list = ""] = /^export \{(.*)\};$/m.exec(text) ?? [];
    const exported = list.split(",").map((name) => name.trim().replace("type ", ""));

    expect(declared.length).toBeGreaterThan(5);
    expect(declared.map(([, name]) => name).filter((name) => !exported.includes(name ?? ""))).toEqual([]);
  },
);

test.each(["index.js", "index.cjs"])(
  "the error class has its own name in %s, and is printed by it",
  async (file) => {
    const program = `
    const { InstanceMetadataError } = await import(${JSON.stringify(join(await dist(), file))});
    const error = new InstanceMetadataError("Something failed.", { code: "IMDS_TIMEOUT", step: "token" });
    class Derived extends InstanceMetadataError {}
    console.log(error.constructor.name, new Derived("x", { code: "ABORTED", step: "role" }) instanceof Derived);
    console.log(error);
  `;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program]);

    expect(stdout.split("\n").slice(0, 2)).toEqual([
      "InstanceMetadataError true",
      "InstanceMetadataError: Something failed. [IMDS_TIMEOUT]",
    ]);
  },
);
