import type {
  InstanceMetadataError,
  InstanceMetadataErrorCode,
} from "../../../errors/instance-metadata-error.js";
import type { Finding } from "../findings.js";
import { asError, broken, curedBy } from "../findings.js";
import { cureFor, REQUIRE_TOKENS } from "../fixes.js";
import type { MetadataProbe } from "../metadata-probe.js";
import { placeOf, type Situation } from "./settings.js";

/** What is found on the way to a session token, and how far one comes. */
export interface TokenFindings {
  readonly findings: readonly Finding[];
  readonly leadsTo: "reads" | "no reads" | "no connection";
}

type Tokens = "handed out" | "none";

const LISTING = "/latest/meta-data/";
const ROLE_LIST = `${LISTING}iam/security-credentials/`;

/** Answers of a service that hands out no tokens at all. */
const TOKENLESS: ReadonlySet<InstanceMetadataErrorCode> = new Set([
  "TOKEN_UNSUPPORTED",
  "TOKEN_REJECTED",
  "IMDS_FORBIDDEN",
]);

export async function tokenFindings(probe: MetadataProbe, situation: Situation): Promise<TokenFindings> {
  const { href } = situation.settings.endpoint;
  const listens: Finding = { check: "connection", verdict: "ok", says: `Something listens at ${href}.` };
  let refusal: InstanceMetadataError | undefined;
  try {
    refusal = await probe.tokenRefusal();
  } catch (thrown) {
    const error = asError(thrown);
    const cure = cureFor(error, situation);
    if (error.code === "IMDS_UNREACHABLE") {
      return { findings: [broken("connection", error, cure)], leadsTo: "no connection" };
    }
    const tokens = TOKENLESS.has(error.code) ? "none" : "handed out";
    const findings = [listens, broken("session token", error, cure), await imdsV1Finding(probe, tokens)];
    return { findings, leadsTo: "no reads" };
  }
  if (refusal) {
    const { finding, leadsTo } = await withoutTokens(probe, refusal, situation);
    return { findings: [listens, finding, await imdsV1Finding(probe, "none")], leadsTo };
  }
  const answers: Finding = { ...listens, says: `The metadata service answers at ${href}.` };
  const handedOut: Finding = {
    check: "session token",
    verdict: "ok",
    says: "It hands out session tokens (IMDSv2).",
  };
  return { findings: [answers, handedOut, await imdsV1Finding(probe, "handed out")], leadsTo: "reads" };
}

/** No token is to be had, and a setting allows to go without: does that help? */
async function withoutTokens(
  probe: MetadataProbe,
  refusal: InstanceMetadataError,
  situation: Situation,
): Promise<{ finding: Finding; leadsTo: "reads" | "no reads" }> {
  const check = "session token";
  const { code, statusCode } = refusal;
  const allowedBy = placeOf(situation.resolved.imdsV1.from);
  const setting = `the setting ec2MetadataV1Disabled: false (${allowedBy})`;
  const { status } = await probe.readWithoutToken(ROLE_LIST);
  if (status === 401 || status === 403) {
    const says = `It hands out no session token (status ${statusCode}) and refuses reads without one (status ${status}): ${setting} does not help.`;
    const cure = cureFor(refusal, situation);
    return {
      finding: { check, verdict: "broken", says, ...curedBy(cure), code },
      leadsTo: "no reads",
    };
  }
  return {
    finding: {
      check,
      verdict: "warning",
      says: `It hands out no session token (status ${statusCode}); ${setting} allows IMDSv1, which is used instead.`,
      cure: "Every EC2 instance hands out tokens: find out what answers in its place, then remove the setting.",
      code,
    },
    leadsTo: "reads",
  };
}

async function imdsV1Finding(probe: MetadataProbe, tokens: Tokens): Promise<Finding> {
  const check = "IMDSv1";
  const { status, body } = await probe.readWithoutToken(LISTING);
  if (status === 401)
    return { check, verdict: "ok", says: "A read without a token is refused: IMDSv1 is closed." };
  if (body.split("\n").includes("instance-id")) {
    return {
      check,
      verdict: "warning",
      says: "A read without a token is answered: IMDSv1 is open, and whoever can make this machine send a GET can read the role's credentials.",
      cure:
        tokens === "handed out"
          ? REQUIRE_TOKENS
          : "Tokens cannot be required of a service that has none: use one that hands them out.",
    };
  }
  return {
    check,
    verdict: "note",
    says: `A read without a token ${answered(status)}; whether IMDSv1 is open cannot be told.`,
  };
}

function answered(status: number | undefined): string {
  if (status === undefined) return "got no answer";
  if (status === 200) return "was answered, but not with the listing of metadata";
  return `was answered with status ${status}`;
}
