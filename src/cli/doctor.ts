import { parseArgs } from "node:util";
import { holdProcess } from "../clock.js";
import type { InstanceRoleOptions } from "../options.js";
import { checkedOptions } from "../options.js";
import { VERSION } from "../version.js";
import { diagnose } from "./diagnosis.js";
import type { Finding, Verdict } from "./findings.js";

const USAGE = `Usage: ec2-role-credentials doctor [options]

Walks the path that a request for the instance role's credentials takes, and says in plain words what holds,
what does not, and what to do about it. No secret is printed.

  --endpoint URL   the metadata service; by default as the library finds it
  --role NAME      the role, when its name is not to be asked for
  --profile NAME   section of the shared config file
  --timeout MS     milliseconds for one attempt; 1000
  --json           for machines
  --help           this text

Exit status: 0 all is well, 1 something is broken, 2 wrong usage.
`;

/** The command `doctor`; resolves to its exit code. */
export async function runDoctor(args: string[]): Promise<number> {
  const given = parse(args);
  if (typeof given === "string") {
    process.stderr.write(
      `ec2-role-credentials doctor: ${given}\nOptions: ec2-role-credentials doctor --help\n`,
    );
    return 2;
  }
  if (given.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const release = holdProcess();
  const findings = await diagnose(given.options).finally(release);
  const healthy = findings.every(({ verdict }) => verdict !== "broken");
  process.stdout.write(given.json ? asJson(findings, healthy) : asText(findings, healthy));
  return healthy ? 0 : 1;
}

/** What was asked for, or what is wrong with it. */
function parse(args: string[]): { options: InstanceRoleOptions; json: boolean; help: boolean } | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        endpoint: { type: "string" },
        role: { type: "string" },
        profile: { type: "string" },
        timeout: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const options: InstanceRoleOptions = {
      endpoint: values.endpoint,
      roleName: values.role,
      profile: values.profile,
      timeout: values.timeout === undefined ? undefined : Number(values.timeout),
    };
    checkedOptions(options);
    return { options, json: values.json, help: values.help };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const asJson = (findings: readonly Finding[], healthy: boolean): string =>
  `${JSON.stringify({ version: VERSION, verdict: healthy ? "healthy" : "broken", findings }, undefined, 2)}\n`;

const COLOURS: Readonly<Record<Verdict, number>> = { ok: 32, note: 36, warning: 33, broken: 31, skipped: 90 };
const INDENT = " ".repeat(28);

function asText(findings: readonly Finding[], healthy: boolean): string {
  const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
  const width = Math.max(60, Math.min(process.stdout.columns || 100, 120)) - INDENT.length;
  const lines = findings.map(({ check, verdict, says, cure }) => {
    const label = coloured ? `\x1b[${COLOURS[verdict]}m${verdict.padEnd(9)}\x1b[0m` : verdict.padEnd(9);
    const text = cure === undefined ? [says] : [says, `Cure: ${cure}`];
    return `${label} ${check.padEnd(18)}${text.flatMap((line) => wrap(line, width)).join(`\n${INDENT}`)}\n`;
  });
  const count = findings.filter(({ verdict }) => verdict === "broken").length;
  const verdict = healthy
    ? "All is well: this machine gets the role's credentials."
    : `${count} broken: see above.`;
  return `${lines.join("")}\n${verdict}\n`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
