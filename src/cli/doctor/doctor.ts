import { parseArgs } from "node:util";
import type { InstanceRoleOptions } from "../../config/options.js";
import { checkedOptions } from "../../config/options.js";
import { keepProcessAlive } from "../../runtime/clock.js";
import { diagnose } from "./diagnosis.js";
import { asJson, asText } from "./report.js";

const USAGE = `Usage: ec2-role-credentials doctor [options]

Walks the path that a request for the instance role's credentials takes, and says in plain words what holds,
what does not, and what to do about it. No secret is printed.

  --endpoint URL   the metadata service; by default as the library finds it
  --role NAME      the role, when its name is not to be asked for
  --profile NAME   section of the shared config file
  --timeout MS     milliseconds for one attempt; 1000
  --json           for machines
  --help           this text

Exit status: 0 the role's credentials can be had, 1 something is broken, 2 wrong usage.
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
  const release = keepProcessAlive();
  const findings = await diagnose(given.options).finally(release);
  const health = findings.every(({ verdict }) => verdict !== "broken") ? "healthy" : "broken";
  process.stdout.write(given.json ? asJson(findings, health) : asText(findings, health));
  return health === "healthy" ? 0 : 1;
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
