import { assembleMockImds } from "../../testing/create-mock-imds.js";
import type { MockImds, MockListener, MockRequest } from "../../testing/types.js";
import { type MockArguments, parseMockArguments, tryTo, UsageError } from "./arguments.js";

const USAGE = `Usage: ec2-role-credentials mock [options]

A mocked instance metadata service (IMDS) for programs in any language. It prints the line to export on
standard output and each request on standard error, and ends on Ctrl-C.

  --port NUMBER          port to listen on, 0 for a free one; 1338
  --host ADDRESS         address to listen on; 127.0.0.1
  --expose-to-network    needed for an address that is not loopback: anybody who reaches it gets credentials
  --role NAME            role that is attached; mock-role
  --no-role              no instance profile is attached
  --ttl SECONDS          lifetime of a set of credentials; 21600
  --rotate-every SECONDS a new set so often; as on EC2, shortly before a set expires
  --account DIGITS       account id, then also in the credentials document
  --region NAME          Region; us-east-1
  --imdsv1               answer reads without a token (IMDSv1)
  --fail STEP:WHAT[:TIMES[:AFTER]]
                         STEP is token, role, credentials, metadata, other or any; WHAT is a status, garbage,
                         reset, hang, drip or truncate; TIMES is always unless given; the first AFTER requests
                         are spared. May be repeated: --fail token:503:3 --fail credentials:hang
  --delay [STEP:]MS      answer so many milliseconds later. May be repeated
  --throttle PER_SECOND:ANSWER
                         answer only so many requests a second, the others with 429, 503 or silence
  --help                 this text
`;

/** The command `mock`; resolves to its exit code. */
export async function runMock(args: string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(
      `ec2-role-credentials mock: ${error.message}\nOptions: ec2-role-credentials mock --help\n`,
    );
    return 2;
  }
}

async function run(args: string[]): Promise<number> {
  const given = parseMockArguments(args);
  if (given.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const imds = assembleMockImds(given.options, { onRequest: log });
  steer(imds, given);
  let listener: MockListener;
  try {
    listener = await imds.listen({ port: given.port, host: given.host });
  } catch (error) {
    process.stderr.write(`ec2-role-credentials mock: ${listenProblem(error, given)}\n`);
    return 1;
  }
  const signalled = signal();
  process.stdout.write(`export AWS_EC2_METADATA_SERVICE_ENDPOINT=${listener.endpoint}\n`);
  await signalled;
  await listener.close();
  // What is still to be written has no reader, and would hold the process for ever.
  if (process.stderr.writableLength > 0) process.exit();
  return 0;
}

/** Lines that nobody reads are skipped: the mock goes on, and they do not pile up. */
function log(request: MockRequest): void {
  if (!process.stderr.writableNeedDrain) process.stderr.write(logLine(request));
}

function steer(imds: MockImds, { faults, delays, throttle }: MockArguments): void {
  for (const { text, fault } of faults) tryTo(() => imds.fail(fault), `--fail ${text}`);
  for (const { text, ms, on } of delays) tryTo(() => imds.delay(ms, on), `--delay ${text}`);
  if (throttle) tryTo(() => imds.throttle(throttle.limit), `--throttle ${throttle.text}`);
}

/** Resolves on Ctrl-C or a polite kill. */
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

/** A line of the request log. Headers and queries stay out of it: they hold tokens, and may hold other secrets. */
function logLine({ method, path, headers, status, step }: MockRequest): string {
  const shown = path
    .replace(/^https?:\/\/[^/?#]*/i, "")
    .replace(/\?.*$/s, "?…")
    .replace(/[^\u0021-\u007e…]/g, encodeURIComponent);
  const token = "x-aws-ec2-metadata-token" in headers ? "with a token" : "no token";
  const time = new Date().toISOString();
  return `${time} ${method} ${shown} ${status === 0 ? "no answer" : status} (${step}, ${token})\n`;
}
