import { parseArgs } from "node:util";
import type { AwsCredentialIdentityProvider } from "@aws-sdk/types";
import { checkedOptions, type InstanceRoleOptions } from "../config/options.js";
import { fromInstanceRole } from "../provider/from-instance-role.js";
import { type ServedCredentials, serveCredentials } from "../provider/serve-credentials.js";
import { keepProcessAlive } from "../runtime/clock.js";
import { endWithNpx } from "./end-with-npx.js";
import { credentialsBeforeContainer } from "./first-credentials.js";
import { runCommand, splitCommand } from "./run-command.js";

const USAGE = `Usage: ec2-role-credentials serve [options] -- command [arguments]
       ec2-role-credentials serve --print-env [options]

Gives the credentials of the instance's role to a command and all processes that it starts, in any language: one
cache and one refresh for all of them. The AWS SDKs and the AWS CLI find them by two variables in the command's
environment, AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN. It listens on 127.0.0.1 only.

  --endpoint URL   the metadata service; by default as the library finds it
  --role NAME      name of the role, instead of asking which one is attached
  --profile NAME   section of the shared config file, for the settings of this command
  --timeout MS     milliseconds for one attempt; 1000
  --port NUMBER    port to listen on; by default a free one
  --print-env      without a command: print the two variables for a shell, and serve until Ctrl-C. The second one is
                   a secret
  --help           this text

Exit status: that of the command, 128 and the signal's number if a signal ended it, 127 if it is not found; 1 if the
port cannot be used, 2 wrong usage.
`;

/** Both win over the two variables that are set here. */
const OVERRIDING = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];

/** The command `serve`; resolves to its exit code. */
export async function runServe(args: string[]): Promise<number> {
  const given = parse(args);
  if (given === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (typeof given === "string") {
    report(`${given}\nOptions: ec2-role-credentials serve --help`);
    return 2;
  }
  endWithNpx();
  const provider = fromInstanceRole({ ...given.options, logger: LOGGER });
  let served: ServedCredentials;
  try {
    served = await serveCredentials(provider, { port: given.port });
  } catch (error) {
    report(error instanceof Error ? error.message : String(error));
    return 1;
  }
  try {
    return await (given.command ? serveCommand(given.command, provider, served) : printEnv(served));
  } finally {
    provider.close();
    await served.close();
  }
}

async function serveCommand(
  command: readonly string[],
  provider: AwsCredentialIdentityProvider,
  { env }: ServedCredentials,
): Promise<number> {
  const inherited = { ...process.env };
  for (const variable of OVERRIDING) delete inherited[variable];
  for (const sentence of await credentialsBeforeContainer(inherited).catch(() => [])) {
    report(`${sentence} Most SDKs use these before the instance role's credentials, which are served here.`);
  }
  // The command does not wait for them, but they are there sooner, and it is said at once why they are not.
  provider().catch((error: Error) => report(`No credentials yet: ${error.message}`));
  return runCommand(command, { ...inherited, ...env });
}

async function printEnv({ env }: ServedCredentials): Promise<number> {
  const release = keepProcessAlive();
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => resolve());
  });
  for (const [name, value] of Object.entries(env)) process.stdout.write(`export ${name}=${value}\n`);
  report(
    "Serving the instance role's credentials to every process that has these two variables; Ctrl-C ends it.",
  );
  await signalled.finally(release);
  return 0;
}

function report(line: string): void {
  process.stderr.write(`ec2-role-credentials serve: ${line}\n`);
}

const LOGGER = { debug() {}, info: report, warn: report, error: report };

interface ServeArguments {
  readonly options: InstanceRoleOptions;
  readonly port: number | undefined;
  readonly command: readonly string[] | undefined;
}

const FLAGS = {
  endpoint: { type: "string" },
  role: { type: "string" },
  profile: { type: "string" },
  timeout: { type: "string" },
  port: { type: "string" },
  "print-env": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** What was asked for, or what is wrong with it. */
function parse(args: readonly string[]): ServeArguments | "help" | (string & {}) {
  const { options: own, command } = splitCommand(args);
  if (own.some((arg) => arg === "--host" || arg.startsWith("--host="))) {
    return "--host is not an option: credentials are served on 127.0.0.1 only";
  }
  try {
    const { values, positionals } = parseArgs({ args: own, options: FLAGS, allowPositionals: true });
    if (values.help) return "help";
    const [stray] = positionals;
    if (stray !== undefined) return `Put -- before the command: serve -- ${stray}`;
    if (command && values["print-env"]) return "--print-env is for use without a command";
    if (!command && !values["print-env"]) {
      return "A command is missing: serve -- command. To print the variables instead, of which one is a secret, use --print-env";
    }
    return {
      options: {
        ...checked("--endpoint", "endpoint", values.endpoint),
        ...checked("--role", "roleName", values.role),
        ...checked("--profile", "profile", values.profile),
        ...checked("--timeout", "timeout", numberOf(values.timeout)),
      },
      port: portOf(values.port),
      command,
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One option; refused under the name that it has on the command line. */
function checked<K extends keyof InstanceRoleOptions>(
  flag: string,
  name: K,
  value: InstanceRoleOptions[K],
): InstanceRoleOptions {
  try {
    return checkedOptions({ [name]: value });
  } catch (error) {
    throw new Error(String((error as Error).message).replace(name, flag));
  }
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;

function portOf(text: string | undefined): number | undefined {
  const port = text === undefined || /^\d{1,5}$/.test(text) ? Number(text ?? 0) : Number.NaN;
  if (port <= 65535) return port;
  throw new Error(`--port must be a whole number from 0 to 65535, not ${JSON.stringify(text)}`);
}
