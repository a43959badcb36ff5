import type {
  InstanceMetadataError,
  InstanceMetadataErrorCode,
} from "../../errors/instance-metadata-error.js";
import { parseJsonObject } from "../../imds/json-object.js";
import { INSTANCE_ID_PATH, METADATA_PATH, PROFILE_PATH, ROLE_LIST_PATH } from "../../imds/metadata-paths.js";
import { readRegion } from "../../imds/region.js";
import { type RoleCredentials, RoleCredentialsReader } from "../../imds/role-credentials.js";
import { parseRoleList } from "../../imds/role-list.js";
import { wallClock } from "../../runtime/clock.js";
import { aheadOf, checkClock } from "./checks/clock.js";
import { connected, notConnected, notMetadata } from "./checks/connection.js";
import { checkCredentials } from "./checks/credentials.js";
import { checkImdsV1, isListing, type TokenlessResponse } from "./checks/imdsv1.js";
import { checkProfile, type ProfileState, profileStateOf } from "./checks/instance-profile.js";
import { checkRegion } from "./checks/region.js";
import { roleFailed, roleFound } from "./checks/role.js";
import { fallback, noToken, tokenIssued } from "./checks/session-token.js";
import type { DoctorContext } from "./context.js";
import { asError, checksAfter, type Finding, failWith, skip } from "./findings.js";
import { fixFor } from "./fixes.js";

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
  const isMetadata = "value" in credentials || ("value" in listing && isListing(listing.value.text));
  if (!isMetadata && "error" in credentials && isOtherServer(listing, credentials.error)) {
    const evidence = `${METADATA_PATH} does not list metadata`;
    return otherServer(evidence, credentials.error, before);
  }
  const region = await settled(readRegion(reader));
  const context = await withTarget(before, "value" in region ? region.value : undefined);
  const aheadMs = "value" in listing ? listing.value.aheadMs : undefined;
  return [
    connected("answers", context),
    ...tokenFindings(context),
    ...(await roleFindings(credentials, aheadMs, context)),
    checkClock(aheadMs),
    checkRegion("value" in region ? region.value : region.error),
  ];
}

const isOtherServer = (listing: Settled<unknown>, { code }: InstanceMetadataError): boolean =>
  ("value" in listing || listing.error.code === "NOT_FOUND") &&
  ["NO_ROLE_ATTACHED", "INVALID_RESPONSE", "SERVER_ERROR"].includes(code);

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

async function roleFindings(
  credentials: Settled<RoleCredentials>,
  aheadMs: number | undefined,
  context: DoctorContext,
): Promise<Finding[]> {
  const profile = checkProfile(await readProfileState(context), {
    hasCredentials: "value" in credentials,
    target: context.target,
  });
  if ("value" in credentials) {
    const { roleName, expiresAt } = credentials.value;
    const now = wallClock();
    return [
      profile,
      roleFound(roleName, expiresAt > now),
      checkCredentials(expiresAt, { now, aheadMs }, context.settings, context.target),
    ];
  }
  const { error } = credentials;
  if (profile.status === "fail") return [profile, ...skip(["role", "credentials"], "instance profile")];
  if (
    error.step === "credentials" &&
    error.code !== "NO_ROLE_ATTACHED" &&
    error.code !== "ROLE_NOT_ASSUMABLE"
  )
    return [
      profile,
      ...skip(["role"], "credentials"),
      failWith("credentials", error, fixFor(error, context)),
    ];
  return [profile, roleFailed(error, await listedRole(context), context), ...skip(["credentials"], "role")];
}

async function readProfileState({ reader }: DoctorContext): Promise<ProfileState> {
  const read = reader.readIfPresent({
    step: "metadata",
    path: PROFILE_PATH,
    accept: ({ text, token }) => ({ text, token }),
  });
  const info = await settled(read);
  if ("error" in info) return { kind: "unreadable", error: info.error };
  if (info.value.outcome === "missing") return { kind: "none" };
  const { text, token } = info.value.value;
  try {
    return profileStateOf(parseJsonObject(text), token);
  } catch {
    return { kind: "no JSON" };
  }
}

async function listedRole({ reader }: DoctorContext): Promise<string | undefined> {
  const list = await settled(
    reader.read({
      step: "role",
      path: ROLE_LIST_PATH,
      accept: ({ text, token }) => parseRoleList(text, token === undefined ? [] : [token]),
    }),
  );
  return "value" in list ? list.value : undefined;
}

type Settled<T> = { readonly value: T } | { readonly error: InstanceMetadataError };

const settled = <T>(work: Promise<T>): Promise<Settled<T>> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: asError(error) }),
  );
