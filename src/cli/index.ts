#!/usr/bin/env node
import { systemCodeOf } from "../errors/system-code.js";
import { VERSION } from "../runtime/version.js";
import { didYouMean } from "./did-you-mean.js";
import { runDoctor } from "./doctor/doctor.js";
import { runMock } from "./mock/mock.js";
import { runServe } from "./serve.js";

interface Command {
  readonly name: string;
  readonly summary: string;
  /** Takes the arguments after the name; resolves to the exit code. */
  readonly run: (args: string[]) => Promise<number>;
}

const COMMANDS: readonly Command[] = [
  {
    name: "doctor",
    summary: "check whether this machine can get the instance role's credentials",
    run: runDoctor,
  },
  { name: "mock", summary: "start a mocked instance metadata service (IMDS) on this machine", run: runMock },
  { name: "serve", summary: "give the role's credentials to a command, in any language", run: runServe },
];

const USAGE = `Usage: ec2-role-credentials <command> [options]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join("\n")}

Options:
  --help     print this text; after a command, its options
  --version  print the version
`;

async function main([name, ...args]: string[]): Promise<number> {
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (command) return command.run(args);
  process.stderr.write(`${complaintOf(name)}\n\n${USAGE}`);
  return 2;
}

function complaintOf(name: string | undefined): string {
  if (name === undefined) return "A command is missing.";
  if (!name.startsWith("-"))
    return `There is no command ${JSON.stringify(name)}.${didYouMean(
      name,
      COMMANDS.map((one) => one.name),
    )}`;
  return `There is no option ${name}.${didYouMean(name, ["--help", "--version"])} The options of a command come after its name.`;
}

/**
 * A reader that is gone (EPIPE) needs no output, and the exit status stays what it is. Any other failure, such as a full
 * disk, is reported, and the exit status says that the output is incomplete.
 */
function onWriteError(error: unknown): void {
  const code = systemCodeOf(error);
  if (code === "EPIPE") return;
  process.exitCode = 1;
  process.stderr.write(`ec2-role-credentials: the output could not be written (${code})\n`);
}

process.stdout.on("error", onWriteError);
// When this fails it cannot be reported anywhere.
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
