// npm run test:hostile: installs what the tests in networks of their own need when it is missing and can be, then
// runs them and the other slow ones.

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { installWhatIsMissing } from "../e2e/debian-packages.js";
import { NETWORK_PROGRAMS } from "./network-programs.js";

const ROOT = resolve(import.meta.dirname, "../..");
const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/hostile/vitest.config.ts"];

installWhatIsMissing(NETWORK_PROGRAMS);
const args = [...VITEST, ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" }).status ?? 1;
