import { assembleMockImds } from "../../testing/create-mock-imds.js";
import type { MockImds, MockListener } from "../../testing/types.js";
import { endWithNpx } from "../end-with-npx.js";
import { runCommand } from "../run-command.js";
import { type MockArguments, parseMockArguments } from "./arguments.js";
import { controlOf } from "./control.js";
import { durationText } from "./duration.js";
import { DEFAULT_TTL_SECONDS } from "./lifetime-flags.js";
import { log, requestLine } from "./request-log.js";
import { USAGE, UsageError } from "./usage.js";

const VARIABLE = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

/** The command `mock`; resolves to its exit code. */
export async function runMock(args: string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    report(`${error.message}\nOptions: ec2-role-credentials mock --help`);
    return 2;
  }
}

const report = (text: string): void => {
  process.stderr.write(`ec2-role-credentials mock: ${text}\n`);
};

async function run(args: string[]): Promise<number> {
  const given = parseMockArguments(args);
  if (given.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  endWithNpx();
  const imds = assemble(given);
  let listener: MockListener;
  try {
    listener = await imds.listen({ port: given.port, host: given.host });
  } catch (error) {
    report(listenProblem(error, given));
    return 1;
  }
  // The AWS CLI wants the slash at the end, and the others do not mind it.
  const endpoint = `${listener.endpoint}/`;
  try {
    return given.command ? await runWith(given.command, endpoint) : await serve(given, endpoint);
  } finally {
    await listener.close();
  }
}

/** The output of a command is its own: requests are logged only where the mock runs alone. */
function assemble(given: MockArguments): MockImds {
  const write = given.command ? () => {} : log;
  const imds: MockImds = assembleMockImds(given.options, {
    onRequest: (request) => write(requestLine(request)),
    intercept: (request, response) => control?.(request, response) ?? false,
  });
  const control = given.control ? controlOf(imds, given.host, write) : undefined;
  for (const fault of given.faults) imds.fail(fault);
  for (const { ms, on } of given.delays) imds.delay(ms, on);
  if (given.throttle) imds.throttle(given.throttle);
  return imds;
}

function runWith(command: readonly string[], endpoint: string): Promise<number> {
  if (process.env.AWS_EC2_METADATA_DISABLED?.trim().toLowerCase() === "true")
    report("AWS_EC2_METADATA_DISABLED=true is set: AWS clients will not use the mock");
  return runCommand(command, { ...process.env, [VARIABLE]: endpoint });
}

async function serve(given: MockArguments, endpoint: string): Promise<number> {
  const signalled = signal();
  process.stdout.write(`export ${VARIABLE}=${endpoint}\n`);
  process.stderr.write(banner(given, endpoint));
  await signalled;
  // A log that no process reads would keep this one alive.
  if (process.stderr.writableLength > 0) process.exit();
  return 0;
}

function banner({ options, control }: MockArguments, endpoint: string): string {
  const {
    roleName = "mock-role",
    credentialsTtlSeconds: ttl = DEFAULT_TTL_SECONDS,
    rotateEverySeconds,
  } = options;
  const rotation =
    rotateEverySeconds === undefined ? "" : `, rotated every ${durationText(rotateEverySeconds)}`;
  const serving =
    roleName === null
      ? "no instance profile is attached"
      : `role ${roleName}, credentials valid for ${durationText(ttl)}${rotation}`;
  return [
    `Mocked instance metadata at ${endpoint}: ${serving}.`,
    ...(control ? [`Control it below ${endpoint}_mock/`] : []),
    `Export the line above in another terminal. Stop the mock with Ctrl-C or: kill ${process.pid}\n`,
  ].join("\n");
}

/** Resolves on Ctrl-C or SIGTERM. */
const signal = (): Promise<void> =>
  new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });

function listenProblem(error: unknown, { port, host }: MockArguments): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return `port ${port} of ${host} is in use. Choose another with --port; 0 takes a free one`;
  if (code === "EACCES")
    return `port ${port} of ${host} may not be used without privileges. Choose another with --port`;
  return `cannot listen on port ${port} of ${host}: ${String(code ?? error)}`;
}
