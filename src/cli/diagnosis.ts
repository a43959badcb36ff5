import { wallClock } from "../clock.js";
import { InstanceMetadataError } from "../errors.js";
import { parseJsonObject } from "../json-object.js";
import type { InstanceRoleOptions } from "../options.js";
import { advisoryWindow } from "../refresh-policy.js";
import { RoleCredentials } from "../role-credentials.js";
import type { RoleSettings, Sourced } from "../settings.js";
import { disabledError, findSetting, metadataDisabled, resolveRoleSettings, SOURCES } from "../settings.js";
import { readProfile } from "../shared-config.js";
import type { Check, Finding } from "./findings.js";
import { instanceFinding } from "./local-signs.js";
import { MetadataProbe } from "./metadata-probe.js";
import { otherCredentials } from "./other-credentials.js";

const MINUTE = 60_000;

const asError = (error: unknown): InstanceMetadataError => {
  if (error instanceof InstanceMetadataError) return error;
  throw error;
};

/** The error's message holds its cure already. */
const broken = (check: Check, error: InstanceMetadataError): Finding => ({
  check,
  verdict: "broken",
  says: error.message,
  code: error.code,
});

const skipped = (checks: readonly Check[], because: Check): Finding[] =>
  checks.map((check) => ({ check, verdict: "skipped", says: `Not looked at: see ${because}.` }));

const AFTER_CONNECTION: readonly Check[] = [
  "session token",
  "IMDSv1",
  "instance profile",
  "role",
  "credentials",
  "clock",
  "region",
];
const AFTER_TOKEN: readonly Check[] = ["instance profile", "role", "credentials", "clock", "region"];

/** Walks the path that a request for credentials takes and says what holds. Nothing in it is a secret. */
export async function diagnose(options: InstanceRoleOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  let settings: RoleSettings;
  try {
    if (metadataDisabled()) throw disabledError();
    settings = await resolveRoleSettings(options);
    findings.push(...(await settingsFindings(options, settings)));
  } catch (error) {
    findings.push(broken("settings", asError(error)), ...(await otherCredentials(options.profile)));
    return [
      ...findings,
      await instanceFinding(),
      ...skipped(["connection", ...AFTER_CONNECTION], "settings"),
    ];
  }
  findings.push(...(await otherCredentials(options.profile)), await instanceFinding());
  return [...findings, ...(await walk(settings))];
}

async function settingsFindings(options: InstanceRoleOptions, settings: RoleSettings): Promise<Finding[]> {
  const section = await readProfile(options.profile);
  const shown: Readonly<Record<Sourced, string>> = {
    endpoint: `endpoint ${settings.endpoint.href}`,
    endpointMode: "",
    roleName: settings.roleName === undefined ? "" : `role name ${settings.roleName}`,
    timeout: `timeout ${settings.timeoutMs} ms`,
    maxRetries: `${settings.maxRetries} retries`,
    ec2MetadataV1Disabled: `IMDSv1 ${settings.imdsV1}`,
  };
  const names = Object.keys(SOURCES) as Sourced[];
  const inForce = names.flatMap((name) => {
    if (shown[name] === "") return [];
    const by =
      name === "endpoint"
        ? (findSetting(name, options, section) ?? findSetting("endpointMode", options, section))
        : findSetting(name, options, section);
    return `${shown[name]} (${by?.from ?? "default"})`;
  });
  return [{ check: "settings", verdict: "ok", says: `In force: ${inForce.join(", ")}.` }];
}

async function walk(settings: RoleSettings): Promise<Finding[]> {
  const probe = new MetadataProbe(settings);
  const at = settings.endpoint.href;
  try {
    await probe.token();
  } catch (thrown) {
    const error = asError(thrown);
    if (error.code === "IMDS_UNREACHABLE") {
      return [broken("connection", error), ...skipped(AFTER_CONNECTION, "connection")];
    }
    return [
      { check: "connection", verdict: "ok", says: `Something listens at ${at}.` },
      broken("session token", error),
      await imdsV1Finding(probe),
      ...skipped(AFTER_TOKEN, "session token"),
    ];
  }
  return [
    { check: "connection", verdict: "ok", says: `The metadata service answers at ${at}.` },
    { check: "session token", verdict: "ok", says: "It hands out session tokens (IMDSv2)." },
    await imdsV1Finding(probe),
    await profileFinding(probe),
    ...(await roleFindings(settings)),
    await clockFinding(probe),
    await regionFinding(probe),
  ];
}

async function imdsV1Finding(probe: MetadataProbe): Promise<Finding> {
  const status = await probe.statusWithoutToken("/latest/meta-data/");
  const check = "IMDSv1";
  if (status === 401)
    return { check, verdict: "ok", says: "A read without a token is refused: IMDSv1 is closed." };
  if (status === 200) {
    return {
      check,
      verdict: "warning",
      says: "A read without a token is answered: IMDSv1 is open, and whoever can make this machine send a GET can read the role's credentials.",
      cure: "Require tokens: aws ec2 modify-instance-metadata-options --http-tokens required --instance-id …",
    };
  }
  const what = status === undefined ? "got no answer" : `was answered with status ${status}`;
  return {
    check,
    verdict: "note",
    says: `A read without a token ${what}; whether IMDSv1 is open cannot be told.`,
  };
}

async function profileFinding(probe: MetadataProbe): Promise<Finding> {
  const check = "instance profile";
  const cure = "Attach an instance profile that contains a role: aws ec2 associate-iam-instance-profile …";
  try {
    const { body } = await probe.read("/latest/meta-data/iam/info");
    const { Code, Message, InstanceProfileArn } = parseJsonObject(body);
    const arn = typeof InstanceProfileArn === "string" ? InstanceProfileArn : "of unknown name";
    if (Code === "Success" && typeof Message !== "string") {
      return { check, verdict: "ok", says: `The instance profile ${arn} is attached.` };
    }
    const told = [Code, Message].filter((part) => typeof part === "string").join(": ");
    return {
      check,
      verdict: "broken",
      says: `The instance profile ${arn} is of no use: ${printable(told)}.`,
      cure,
    };
  } catch (error) {
    if (error instanceof InstanceMetadataError && error.code === "NOT_FOUND") {
      return {
        check,
        verdict: "broken",
        says: "No instance profile is attached.",
        cure,
        code: "NO_ROLE_ATTACHED",
      };
    }
    if (error instanceof InstanceMetadataError) return broken(check, error);
    return {
      check,
      verdict: "broken",
      says: "What iam/info says is not a JSON object.",
      code: "INVALID_RESPONSE",
    };
  }
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, " ").slice(0, 300);

async function roleFindings(settings: RoleSettings): Promise<Finding[]> {
  try {
    const { roleName, granted } = await new RoleCredentials(settings).load();
    const now = wallClock();
    const left = granted.expiresAt - now;
    const role: Finding = { check: "role", verdict: "ok", says: `EC2 can assume the role ${roleName}.` };
    const until = new Date(granted.expiresAt).toISOString();
    if (left <= 0) {
      return [
        role,
        {
          check: "credentials",
          verdict: "broken",
          says: `The credentials that EC2 serves expired at ${until} and were not replaced, or this machine's clock is ahead.`,
          cure: "Look at the clock below; if it is right, the metadata service is in trouble: stop and start the instance.",
        },
      ];
    }
    const look = Math.min(left - advisoryWindow(left, settings.advisoryWindowMs), settings.maxAgeMs);
    const next = new Date(now + Math.max(look, 0)).toISOString();
    return [
      role,
      {
        check: "credentials",
        verdict: "ok",
        says: `They are good for ${minutes(left)}, until ${until}; this library would look for new ones at ${next}.`,
      },
    ];
  } catch (thrown) {
    const error = asError(thrown);
    const check =
      error.code === "NO_ROLE_ATTACHED" || error.code === "ROLE_NOT_ASSUMABLE" ? "role" : "credentials";
    return check === "role"
      ? [broken(check, error), ...skipped(["credentials"], "role")]
      : [...skipped(["role"], "credentials"), broken(check, error)];
  }
}

const minutes = (ms: number): string => {
  const whole = Math.floor(ms / MINUTE);
  return whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h ${whole % 60} min`;
};

async function clockFinding(probe: MetadataProbe): Promise<Finding> {
  const check = "clock";
  try {
    const { headers } = await probe.read("/latest/meta-data/");
    const theirs = Date.parse(headers.date ?? "");
    if (Number.isNaN(theirs))
      return { check, verdict: "note", says: "The metadata service does not tell its time." };
    const off = Math.round(Math.abs(wallClock() - theirs) / 1000);
    const says = `This machine's clock and the metadata service's differ by ${off} s.`;
    const cure = "Set the clock by NTP; EC2 has a time service at 169.254.169.123.";
    if (off > 300)
      return {
        check,
        verdict: "broken",
        says: `${says} AWS refuses requests that are signed more than 5 minutes off.`,
        cure,
      };
    return off > 30 ? { check, verdict: "warning", says, cure } : { check, verdict: "ok", says };
  } catch (error) {
    return {
      check,
      verdict: "note",
      says: `The metadata service's time could not be read: ${asError(error).message}`,
    };
  }
}

async function regionFinding(probe: MetadataProbe): Promise<Finding> {
  const check = "region";
  try {
    const { body } = await probe.read("/latest/meta-data/placement/region");
    return { check, verdict: "ok", says: `The instance runs in ${printable(body.trim())}.` };
  } catch (thrown) {
    const error = asError(thrown);
    return {
      check,
      verdict: "warning",
      says: `The region could not be read: ${error.message}`,
      code: error.code,
      cure: "Name the region in the client's options or in AWS_REGION.",
    };
  }
}
