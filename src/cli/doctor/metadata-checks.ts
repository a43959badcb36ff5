import type {
  InstanceMetadataError,
  InstanceMetadataErrorCode,
} from "../../errors/instance-metadata-error.js";
import { INSTANCE_ID_PATH, METADATA_PATH, ROLE_LIST_PATH } from "../../imds/metadata-paths.js";
import { readRegion } from "../../imds/region.js";
import { RoleCredentialsReader } from "../../imds/role-credentials.js";
import { parseRoleList } from "../../imds/role-list.js";
import { wallClock } from "../../runtime/clock.js";
import { aheadOf, checkClock, clockUnknown } from "./checks/clock.js";
import { connected, notConnected, notMetadata } from "./checks/connection.js";
import { checkImdsV1, isListing, type TokenlessResponse } from "./checks/imdsv1.js";
import { checkRegion } from "./checks/region.js";
import { fallback, noToken, tokenIssued } from "./checks/session-token.js";
import type { DoctorContext } from "./context.js";
import { checksAfter, type Finding, skip, skipOne } from "./findings.js";
import { failedCheck, roleFindings } from "./role-findings.js";
import { isRepeated, type Settled, settled } from "./settled.js";

/** The checks that send requests, up to the first one without which the others make no sense. */
export async function checkMetadata(context: DoctorContext): Promise<Finding[]> {
  const { reader, target } = context;
  const token = await settled(reader.tokenRefusal());
  if ("error" in token && token.error.code === "IMDS_UNREACHABLE")
    return [notConnected(token.error, context), ...skip(checksAfter("connection"), "connection")];
  const tokenless = await reader.readWithoutToken(METADATA_PATH);
  if ("error" in token) {
    if (PROVES_OTHER_SERVER.has(token.error.code) && !(await isTokenlessMetadata(tokenless, context)))
      return otherServer(evidenceOf(token.error, tokenless), token.error, context);
    const v1 = checkImdsV1(tokenless, false, target);
    const findings = [connected("accepts", context), noToken(token.error, context), v1];
    return [...findings, ...skip(checksAfter("IMDSv1"), "session token")];
  }
  if (token.value === undefined)
    return readsWithToken(context, (known) => [tokenIssued(), checkImdsV1(tokenless, true, known.target)]);
  const { status } = await reader.readWithoutToken(ROLE_LIST_PATH);
  if (status !== 200 && status !== 401 && status !== 403 && !isListing(tokenless.text))
    return otherServer(evidenceOf(token.value, tokenless), token.value, context);
  const finding = fallback(token.value, status, context);
  const findings = [finding, checkImdsV1(tokenless, false, target)];
  if (finding.status !== "fail") return readsWithToken(context, () => findings);
  return [connected("accepts", context), ...findings, ...skip(checksAfter("IMDSv1"), "session token")];
}

/** After these responses to the request for a token, it is asked whether this is a metadata service at all. */
const PROVES_OTHER_SERVER: ReadonlySet<InstanceMetadataErrorCode> = new Set([
  "TOKEN_UNSUPPORTED",
  "TOKEN_REJECTED",
  "SERVER_ERROR",
  "INVALID_RESPONSE",
]);

/** Some services have the role's credentials alone, and no listing. */
async function isTokenlessMetadata(
  { status, text }: TokenlessResponse,
  { reader }: DoctorContext,
): Promise<boolean> {
  if (status === 401 || status === 403 || isListing(text)) return true;
  const list = await reader.readWithoutToken(ROLE_LIST_PATH);
  return list.status === 401 || (list.status === 200 && isRoleList(list.text));
}

function isRoleList(text: string): boolean {
  try {
    return parseRoleList(text, []) !== "";
  } catch {
    return false;
  }
}

function evidenceOf({ statusCode }: InstanceMetadataError, { status }: TokenlessResponse): string {
  const listing = status === undefined ? "no response" : status === 200 ? "another page" : `status ${status}`;
  return `${tokenEvidence(statusCode)}, and ${METADATA_PATH} got ${listing}`;
}

function tokenEvidence(status: number | undefined): string {
  if (status === undefined) return "its response to the request for a session token is not HTTP";
  if (status === 200) return "its response to the request for a session token is not a token";
  return `the request for a session token got status ${status}`;
}

const otherServer = (evidence: string, error: InstanceMetadataError, context: DoctorContext): Finding[] => [
  notMetadata(evidence, error, context),
  ...skip(checksAfter("connection"), "connection"),
];

/** The reads that a token, or IMDSv1, makes possible. */
async function readsWithToken(
  before: DoctorContext,
  tokenFindings: (context: DoctorContext) => readonly Finding[],
): Promise<Finding[]> {
  const { reader, settings } = before;
  const listing = await settled(
    reader.read({
      step: "metadata",
      path: METADATA_PATH,
      accept: ({ headers, text }) => ({ text, aheadMs: aheadOf(headers.date, wallClock()) }),
    }),
  );
  const credentials = await settled(new RoleCredentialsReader(reader, settings.roleName).fetch());
  if ("error" in credentials && isOtherServer(listing, credentials.error)) {
    const evidence = `${METADATA_PATH} does not list metadata`;
    return otherServer(evidence, credentials.error, before);
  }
  const region = await settled(readRegion(reader));
  const context = await withTarget(before, "value" in region ? region.value : undefined);
  const aheadMs = "value" in listing ? listing.value.aheadMs : undefined;
  const cause = "error" in credentials ? failedCheck(credentials.error) : "role";
  return [
    connected("answers", context),
    ...tokenFindings(context),
    ...(await roleFindings(credentials, aheadMs, context)),
    isRepeated(listing, credentials) ? skipOne("clock", cause) : clockFinding(listing),
    isRepeated(region, credentials) ? skipOne("region", cause) : checkRegion(outcomeOf(region)),
  ];
}

const clockFinding = (listing: Settled<{ readonly aheadMs: number | undefined }>): Finding =>
  "value" in listing ? checkClock(listing.value.aheadMs) : clockUnknown(listing.error);

const outcomeOf = <T>(read: Settled<T>): T | InstanceMetadataError =>
  "value" in read ? read.value : read.error;

/** Some services have credentials and no listing. Another page in its place, or in that of the role list, is no metadata. */
function isOtherServer(listing: Settled<{ text: string }>, { code, step }: InstanceMetadataError): boolean {
  if ("error" in listing)
    return listing.error.code === "NOT_FOUND" && step === "role" && code === "INVALID_RESPONSE";
  if (isListing(listing.value.text)) return false;
  return code === "NO_ROLE_ATTACHED" || code === "INVALID_RESPONSE" || code === "SERVER_ERROR";
}

/** The instance's id and Region, which the commands in fixes need. */
async function withTarget(context: DoctorContext, region: string | undefined): Promise<DoctorContext> {
  const { target } = context;
  const read = context.reader.read({
    step: "metadata",
    path: INSTANCE_ID_PATH,
    accept: ({ text }) => (/^i-[0-9a-f]+$/.test(text.trim()) ? text.trim() : undefined),
  });
  const id = await settled(read);
  const instanceId = ("value" in id ? id.value : undefined) ?? target.instanceId;
  const known = region !== undefined && /^[a-z0-9-]+$/.test(region) ? region : undefined;
  return { ...context, target: { instanceId, region: known ?? target.region } };
}
