#!/usr/bin/env node
import { systemCodeOf } from "../errors/system-code.js";
import { VERSION } from "../runtime/version.js";
import { runDoctor } from "./doctor/doctor.js";
import { runMock } from "./mock/mock.js";
import { runServe } from "./serve.js";

const USAGE = `Usage: ec2-role-credentials <command> [options]

Commands:
  doctor     what holds and what does not on the way to the instance role's credentials
  mock       a mocked instance metadata service on this machine
  serve      the role's credentials for a command and all its processes, in any language

Options:
  --help     this text; after a command, its options
  --version  the version
`;

/** Each takes the arguments after its name and resolves to the exit code. */
const COMMANDS: ReadonlyMap<string, (args: string[]) => Promise<number>> = new Map([
  ["doctor", runDoctor],
  ["mock", runMock],
  ["serve", runServe],
]);

async function main([name, ...args]: string[]): Promise<number> {
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const command = name === undefined ? undefined : COMMANDS.get(name);
  if (command) return command(args);
  const problem =
    name === undefined ? "A command is missing." : `There is no command ${JSON.stringify(name)}.`;
  process.stderr.write(`${problem}\n\n${USAGE}`);
  return 2;
}

/**
 * Whoever stopped reading wants no more, and the verdict is the same. Any other failure, such as a full disk, is
 * told, and the status says that the output is not whole.
 */
function onWriteError(error: unknown): void {
  const code = systemCodeOf(error);
  if (code === "EPIPE") return;
  process.exitCode = 1;
  process.stderr.write(`ec2-role-credentials: the output could not be written (${code})\n`);
}

process.stdout.on("error", onWriteError);
// Where this fails there is nowhere to tell.
process.stderr.on("error", (error) => {
  if (systemCodeOf(error) !== "EPIPE") process.exitCode = 1;
});

// No top-level await: this file is built as CommonJS too. The process ends by itself, so output is never cut.
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode ||= code;
  },
  (error: unknown) => {
    process.stderr.write(`ec2-role-credentials: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
