// npm run test:sdk: runs the library with old and new versions of the SDK, and fails unless the table in
// docs/sdk-versions.md is what it prints. `npm run test:sdk -- --write` writes it there.

import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { markdownTable } from "../../support/markdown.js";
import { outcomeOf } from "./checks.js";
import { CASES, failureOf, PACKAGES } from "./other-clients.js";
import { loadSdk } from "./sdk.js";
import { typeErrors } from "./types.js";
import type { Installed } from "./versions.js";
import { installAll } from "./versions.js";

const PAGE = resolve(import.meta.dirname, "../../../docs/sdk-versions.md");
const [BEGIN, END] = ["<!-- npm run test:sdk -->\n\n", "\n\n<!-- end of npm run test:sdk -->"];

const COLUMNS = [
  "SDK version",
  "calls",
  "refreshed credentials are used",
  "plugin",
  "plugin, in a chain",
  "plugin, assumed role",
  "plugin, with `refreshAhead`",
  "`abortSignal`",
  "types",
];

/** Nothing of this machine's own may be used, whatever a version makes of its settings. */
Object.assign(process.env, {
  AWS_CONFIG_FILE: "/nonexistent/config",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
  AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:9",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: "1",
});

/** @returns the table */
async function runVersions({ sdks, typescript }: Installed): Promise<string> {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "ec2-role-credentials-sdk-")));
  try {
    const errors = await typeErrors(sdks, { typescript, scratch });
    const rows: (readonly string[])[] = [];
    for (const { version, folder } of sdks) {
      process.stdout.write(`client-s3 ${version}\n${errors.get(version) ?? ""}`);
      const { call, rotation, rescued, chain, temporary, ahead, abort } = await outcomeOf(loadSdk(folder));
      rows.push([
        version,
        call,
        rotation,
        rescued,
        chain,
        temporary,
        ahead,
        abort,
        errors.has(version) ? "no" : "yes",
      ]);
    }
    return markdownTable(COLUMNS, rows);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Clients of other services, and errors that say nothing of the credentials. */
async function runOthers({ clients, earlySfn }: Installed): Promise<void> {
  const runs = CASES.map((one) => [one, clients] as const);
  for (const folder of earlySfn)
    for (const one of CASES) if (one.title.startsWith("Step Functions")) runs.push([one, folder]);
  for (const [one, folder] of runs) {
    const failure = await failureOf(one, folder);
    process.stdout.write(`${one.title} (${basename(folder)}): ${failure ?? "as it should be"}\n`);
    if (failure !== undefined) process.exitCode = 1;
  }
}

const installed = await installAll(PACKAGES);
await runOthers(installed);
const table = await runVersions(installed);
process.stdout.write(`\n${table}\n`);
const page = readFileSync(PAGE, "utf8");
const [before, rest = ""] = page.split(BEGIN);
const [committed, after = ""] = rest.split(END);
if (process.argv.includes("--write")) writeFileSync(PAGE, `${before}${BEGIN}${table}${END}${after}`);
else if (committed !== table) {
  process.stdout.write(
    "\nThis is not the table in docs/sdk-versions.md; npm run test:sdk -- --write puts it there.\n",
  );
  process.exitCode = 1;
}
