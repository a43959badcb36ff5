import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { systemCodeOf } from "../../errors/system-code.js";
import { checkOptions } from "../../testing/service/instance.js";
import type { MockFault, MockImdsOptions, MockStep, MockThrottle } from "../../testing/types.js";
import { splitCommand } from "../run-command.js";
import { parseDelay, parseFault, parseThrottle } from "./fault-flags.js";
import { parseLifetime } from "./lifetime-flags.js";
import { UsageError } from "./usage.js";

/** The command line of `mock`, parsed. */
export interface MockArguments {
  readonly help: boolean;
  readonly port: number;
  readonly host: string;
  readonly control: boolean;
  readonly options: MockImdsOptions;
  readonly faults: readonly MockFault[];
  readonly delays: readonly { readonly ms: number; readonly on: MockStep | undefined }[];
  readonly throttle: MockThrottle | undefined;
  /** The command that the mock runs for, with its arguments. */
  readonly command: readonly string[] | undefined;
}

const DEFAULT_PORT = 1338;

const FLAGS = {
  port: { type: "string" },
  host: { type: "string" },
  "expose-to-network": { type: "boolean" },
  role: { type: "string" },
  "no-role": { type: "boolean" },
  ttl: { type: "string" },
  "rotate-every": { type: "string" },
  account: { type: "string" },
  region: { type: "string" },
  metadata: { type: "string", multiple: true },
  "user-data": { type: "string" },
  imdsv1: { type: "boolean" },
  fail: { type: "string", multiple: true },
  delay: { type: "string", multiple: true },
  throttle: { type: "string" },
  control: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** @throws UsageError */
export function parseMockArguments(args: string[]): MockArguments {
  const { options: flags, command } = splitCommand(args);
  const values = parseFlags(flags);
  if (values["no-role"] && values.role !== undefined)
    throw new UsageError("--role and --no-role exclude each other");
  const control = values.control ?? false;
  return {
    help: values.help ?? false,
    port: values.port === undefined ? (command ? 0 : DEFAULT_PORT) : portOf(values.port),
    host: hostOf(values.host, values["expose-to-network"] ?? false, control),
    control,
    options: {
      ...checked("--role", { roleName: values["no-role"] ? null : values.role }),
      ...parseLifetime(values.ttl, values["rotate-every"]),
      ...checked("--account", { accountId: values.account }),
      ...checked("--region", { region: values.region }),
      ...checked("--metadata", { metadata: metadataOf(values.metadata ?? []) }),
      userData: values["user-data"] === undefined ? undefined : contentOf(values["user-data"]),
      imdsV1: values.imdsv1,
    },
    faults: (values.fail ?? []).map(parseFault),
    delays: (values.delay ?? []).map(parseDelay),
    throttle: values.throttle === undefined ? undefined : parseThrottle(values.throttle),
    command,
  };
}

function parseFlags(args: string[]) {
  try {
    return parseArgs({ args, options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

/** Checks one option, and refuses it under the name that it has on the command line. */
function checked(flag: string, option: MockImdsOptions): MockImdsOptions {
  try {
    checkOptions(option);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [name = ""] = Object.keys(option);
    throw new UsageError(
      error.message.startsWith(name) ? flag + error.message.slice(name.length) : error.message,
    );
  }
  return option;
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65535) return port;
  throw new UsageError(`--port must be a whole number from 0 to 65535, not ${JSON.stringify(text)}`);
}

/** Every client that reaches the mock gets what it serves, so an address that others reach needs two flags. */
function hostOf(host: string | undefined, exposed: boolean, control: boolean): string {
  if (host === undefined) {
    if (exposed) throw new UsageError("--expose-to-network has no effect without --host");
    return "127.0.0.1";
  }
  const isLoopback = host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
  if (isLoopback) return host;
  if (control)
    throw new UsageError(`--control is for loopback addresses only, and --host ${host} is not one`);
  if (exposed) return host;
  throw new UsageError(
    `--host ${host} is not a loopback address: others on the network could reach the mock. Add --expose-to-network if you want that`,
  );
}

function metadataOf(assignments: readonly string[]): Record<string, string> {
  const entries = assignments.map((text): [path: string, value: string] => {
    const end = text.indexOf("=");
    if (end === -1)
      throw new UsageError(
        `--metadata must be PATH=VALUE, such as instance-type=m7g.large, not ${JSON.stringify(text)}`,
      );
    return [text.slice(0, end), text.slice(end + 1)];
  });
  return Object.fromEntries(entries);
}

function contentOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`--user-data ${file} cannot be read (${systemCodeOf(error) ?? String(error)})`);
  }
}
