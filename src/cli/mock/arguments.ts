import { parseArgs } from "node:util";
import { MODES, STEPS } from "../../testing/service/checks.js";
import { checkOptions } from "../../testing/service/instance.js";
import type { MockFault, MockImdsOptions, MockStep, MockThrottle } from "../../testing/types.js";

/** The command line cannot be understood; the message says which part. */
export class UsageError extends Error {}

/** The command line of `mock`, understood. */
export interface MockArguments {
  readonly help: boolean;
  readonly port: number;
  readonly host: string;
  readonly options: MockImdsOptions;
  readonly faults: readonly { readonly text: string; readonly fault: MockFault }[];
  readonly delays: readonly {
    readonly text: string;
    readonly ms: number;
    readonly on: MockStep | undefined;
  }[];
  readonly throttle: { readonly text: string; readonly limit: MockThrottle } | undefined;
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
  imdsv1: { type: "boolean" },
  fail: { type: "string", multiple: true },
  delay: { type: "string", multiple: true },
  throttle: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** @throws UsageError */
export function parseMockArguments(args: string[]): MockArguments {
  const { values } = tryTo(() => parseArgs({ args, options: FLAGS, strict: true, allowPositionals: false }));
  if (values["no-role"] && values.role !== undefined)
    throw new UsageError("--role and --no-role exclude each other");
  const roleName = values["no-role"] ? null : values.role;
  return {
    help: values.help ?? false,
    port: values.port === undefined ? DEFAULT_PORT : portOf(values.port),
    host: hostOf(values.host, values["expose-to-network"] ?? false),
    options: {
      ...checked("--role", { roleName }),
      ...checked("--ttl", { credentialsTtlSeconds: numberOf(values.ttl) }),
      ...checked("--rotate-every", { rotateEverySeconds: numberOf(values["rotate-every"]) }),
      ...checked("--account", { accountId: values.account }),
      ...checked("--region", { region: values.region }),
      imdsV1: values.imdsv1,
    },
    faults: (values.fail ?? []).map((text) => ({ text, fault: parseFault(text) })),
    delays: (values.delay ?? []).map((text) => ({ text, ...parseDelay(text) })),
    throttle:
      values.throttle === undefined
        ? undefined
        : { text: values.throttle, limit: parseThrottle(values.throttle) },
  };
}

/** Turns what an API of ours or of Node says about an argument into a usage error. */
export function tryTo<T>(action: () => T, flag?: string): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(flag === undefined ? error.message : `${flag}: ${error.message}`);
  }
}

/** One option, refused under the name that it has on the command line. */
function checked(flag: string, option: MockImdsOptions): MockImdsOptions {
  tryTo(() => checkOptions(option), flag);
  return option;
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : text.trim() === "" ? Number.NaN : Number(text);

function portOf(text: string): number {
  const port = numberOf(text);
  if (port !== undefined && Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new UsageError(`--port must be a whole number from 0 to 65535, not ${JSON.stringify(text)}`);
}

/** Anybody who reaches the mock gets what it serves, so an address that others reach must be meant. */
function hostOf(host: string | undefined, exposed: boolean): string {
  if (host === undefined) {
    if (exposed) throw new UsageError("--expose-to-network says nothing without --host");
    return "127.0.0.1";
  }
  const loopback = host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
  if (loopback || exposed) return host;
  throw new UsageError(
    `--host ${host} is not a loopback address: others on the network could reach the mock. Add --expose-to-network if that is meant`,
  );
}

const isStep = (text: string | undefined): text is MockStep => STEPS.some((step) => step === text);

/** `STEP:WHAT[:TIMES[:AFTER]]` */
function parseFault(text: string): MockFault {
  const [on, what, times, after, ...rest] = text.split(":");
  if (what === undefined || rest.length > 0) {
    throw new UsageError(`--fail ${text}: must be STEP:WHAT[:TIMES[:AFTER]], such as token:503:3`);
  }
  if (on !== "any" && !isStep(on))
    throw new UsageError(`--fail ${text}: STEP must be any, ${STEPS.join(", ")}`);
  return {
    on,
    ...parseWhat(text, what),
    times: times === undefined || times === "always" ? Infinity : numberOf(times),
    after: numberOf(after),
  };
}

function parseWhat(text: string, what: string): MockFault {
  const mode = MODES.find((one) => one === what);
  if (mode) return { mode };
  if (what === "garbage") return { body: "\u0000<garbage" };
  if (/^\d{3}$/.test(what)) return { status: Number(what) };
  throw new UsageError(`--fail ${text}: WHAT must be a status, garbage, ${MODES.join(", ")}`);
}

/** `[STEP:]MS` */
function parseDelay(text: string): { ms: number; on: MockStep | undefined } {
  const [ms, on, ...rest] = text.split(":").reverse();
  if (rest.length > 0 || (on !== undefined && !isStep(on))) {
    throw new UsageError(`--delay ${text}: must be [STEP:]MS, such as token:200`);
  }
  return { ms: numberOf(ms) ?? Number.NaN, on };
}

/** `PER_SECOND:ANSWER` */
function parseThrottle(text: string): MockThrottle {
  const [perSecond, answer, ...rest] = text.split(":");
  const known = ([429, 503, "silence"] as const).find((one) => String(one) === answer);
  if (known === undefined || rest.length > 0) {
    throw new UsageError(`--throttle ${text}: must be PER_SECOND:ANSWER, ANSWER being 429, 503 or silence`);
  }
  return { perSecond: numberOf(perSecond) ?? Number.NaN, answer: known };
}
