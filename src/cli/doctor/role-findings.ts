import type { InstanceMetadataError } from "../../errors/instance-metadata-error.js";
import { parseJsonObject } from "../../imds/json-object.js";
import { PROFILE_PATH, ROLE_LIST_PATH } from "../../imds/metadata-paths.js";
import type { RoleCredentials } from "../../imds/role-credentials.js";
import { parseRoleList } from "../../imds/role-list.js";
import { wallClock } from "../../runtime/clock.js";
import { checkCredentials } from "./checks/credentials.js";
import {
  checkProfile,
  type ProfileState,
  profileStateOf,
  type RoleState,
} from "./checks/instance-profile.js";
import { roleFailed, roleFound } from "./checks/role.js";
import type { DoctorContext } from "./context.js";
import { type Finding, failWith, skip, skipOne } from "./findings.js";
import { fixFor } from "./fixes.js";
import { isRepeated, type Settled, settled } from "./settled.js";

/** The check that fails when the credentials cannot be read. */
export const failedCheck = ({ step, code }: InstanceMetadataError): "role" | "credentials" =>
  step === "credentials" && code !== "NO_ROLE_ATTACHED" && code !== "ROLE_NOT_ASSUMABLE"
    ? "credentials"
    : "role";

/** The findings on the instance profile, the role and its credentials: one failure at most. */
export async function roleFindings(
  credentials: Settled<RoleCredentials>,
  aheadMs: number | undefined,
  context: DoctorContext,
): Promise<Finding[]> {
  const state = await readProfileState(context);
  const profile = checkProfile(state, roleStateOf(credentials), context.target);
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
  const failed = failedCheck(error);
  const ofProfile =
    state.kind === "unreadable" && isRepeated(state, credentials)
      ? skipOne("instance profile", failed)
      : profile;
  if (failed === "credentials")
    return [ofProfile, skipOne("role", failed), failWith(failed, error, fixFor(error, context))];
  return [ofProfile, roleFailed(error, await listedRole(context), context), skipOne("credentials", failed)];
}

function roleStateOf(credentials: Settled<unknown>): RoleState {
  if ("value" in credentials) return "has credentials";
  return credentials.error.code === "NO_ROLE_ATTACHED" ? "absent" : "unknown";
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
