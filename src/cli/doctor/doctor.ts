import { parseArgs } from "node:util";
import type { InstanceRoleOptions } from "../../config/options.js";
import { checkedOptions } from "../../config/options.js";
import { systemCodeOf } from "../../errors/system-code.js";
import { keepProcessAlive } from "../../runtime/clock.js";
import { didYouMean } from "../did-you-mean.js";
import { diagnose } from "./diagnosis.js";
import { explain } from "./explain.js";
import { asJson, asText, outcomeOf } from "./report.js";

const USAGE = `Usage: ec2-role-credentials doctor [options]
       ec2-role-credentials doctor --explain CODE

Checks whether this machine can get the instance role's credentials: each
thing that a request for them needs, what is wrong with it, and how to fix it.
Run it as the same user and in the same container as your program. It prints
no secret.

  --endpoint URL   URL of the metadata service; the default is the library's
  --role NAME      name of the role; by default the metadata service is asked
  --profile NAME   profile of the shared config file; AWS_PROFILE by default
  --timeout MS     milliseconds for one attempt; 1000 by default
  --json           print JSON
  --explain CODE   print what an error code means and how to fix it
  --help           print this text

Exit status: 0 the credentials are available, 1 a check failed, 2 wrong usage.
`;

const OPTIONS = {
  endpoint: { type: "string" },
  role: { type: "string" },
  profile: { type: "string" },
  timeout: { type: "string" },
  json: { type: "boolean", default: false },
  explain: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** The command `doctor`; resolves to its exit code. */
export async function runDoctor(args: string[]): Promise<number> {
  const given = parse(args);
  if (typeof given === "string") return refuse(given);
  if (given.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (given.code !== undefined) {
    const text = explain(given.code);
    if ("complaint" in text) return refuse(text.complaint);
    process.stdout.write(text.explanation);
    return 0;
  }
  const release = keepProcessAlive();
  const findings = await diagnose(given.options).finally(release);
  process.stdout.write(given.json ? asJson(findings) : asText(findings));
  return outcomeOf(findings) === "ok" ? 0 : 1;
}

function refuse(complaint: string): number {
  process.stderr.write(
    `ec2-role-credentials doctor: ${complaint}\nOptions: ec2-role-credentials doctor --help\n`,
  );
  return 2;
}

interface Given {
  readonly options: InstanceRoleOptions;
  readonly json: boolean;
  readonly help: boolean;
  readonly code: string | undefined;
}

/** What the arguments ask for, or what is wrong with them. */
function parse(args: string[]): Given | string {
  try {
    const { values } = parseArgs({ args, options: OPTIONS });
    const timeout = values.timeout === undefined ? undefined : Number(values.timeout || Number.NaN);
    if (Number.isNaN(timeout)) return "--timeout must be a number of milliseconds";
    const options = checkedOptions({
      endpoint: values.endpoint,
      roleName: values.role,
      profile: values.profile,
      timeout,
    });
    return { options, json: values.json, help: values.help, code: values.explain };
  } catch (error) {
    return complaintOf(error, args);
  }
}

/** In the words of the flags, where the library's are those of its options. */
function complaintOf(error: unknown, args: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  if (systemCodeOf(error) !== "ERR_PARSE_ARGS_UNKNOWN_OPTION")
    return message.replace(/^roleName /, "role ").replace(/^(?=(role|endpoint|profile|timeout) must)/, "--");
  const unknown = args.find((arg) => arg.startsWith("-") && !isKnown(arg)) ?? "";
  const flag = unknown.replace(/=.*/s, "");
  return `There is no option ${flag}.${didYouMean(
    flag,
    Object.keys(OPTIONS).map((name) => `--${name}`),
  )}`;
}

const isKnown = (arg: string): boolean => arg === "-h" || arg.replace(/^--|=.*/gs, "") in OPTIONS;
