import type { InstanceMetadataError } from "../../../errors/instance-metadata-error.js";
import { addRoleToProfile, attachProfile, replaceProfile, type Target } from "../aws-commands.js";
import { type Finding, fail, note, ok, warning } from "../findings.js";
import { quote } from "../quote.js";

const CHECK = "instance profile";

/** The instance profile according to `iam/info`. */
export type ProfileState =
  | {
      readonly kind: "attached" | "without role" | "deleted" | "refused";
      readonly profile: Profile;
      readonly said: string;
    }
  | { readonly kind: "none" | "no JSON" }
  | { readonly kind: "unreadable"; readonly error: InstanceMetadataError };

interface Profile {
  /** As a part of a sentence. */
  readonly title: string;
  /** For a command; undefined if it is not known. */
  readonly name: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** The parts of a response that are shown hold no part of the token. */
export function profileStateOf(
  { Code, Message, InstanceProfileArn: arn }: Fields,
  token: string | undefined,
): ProfileState {
  const shownArn = typeof arn === "string" ? quote(arn, token) : "";
  const profile: Profile = {
    title: shownArn === "" ? "instance profile" : `instance profile ${shownArn}`,
    name: /[/]([\w+=,.@-]+)$/.exec(shownArn)?.[1],
  };
  const message = typeof Message === "string" ? quote(Message, token) : "";
  if (Code === "Success")
    return { kind: message === "" ? "attached" : "without role", profile, said: message };
  const code = typeof Code === "string" ? quote(Code, token) : "no Code";
  const said = message === "" ? code : `${code}: ${message}`;
  return { kind: Code === "InstanceProfileNotFound" ? "deleted" : "refused", profile, said };
}

/** What is known of the role: `absent` when the service answers that there is none. */
export type RoleState = "has credentials" | "absent" | "unknown";

/** Without a role the profile is the cause. Some services have credentials, and nothing else. */
export function checkProfile(state: ProfileState, role: RoleState, target: Target): Finding {
  switch (state.kind) {
    case "attached":
      return ok(CHECK, `The ${state.profile.title} is attached.`);
    case "unreadable":
      return note(CHECK, `Cannot be checked: ${state.error.message}`);
    case "none":
      if (role !== "absent") return note(CHECK, `iam/info is missing. ${PROXY}`);
      return fail(
        CHECK,
        "No instance profile is attached. (The credentials below identity-credentials/ec2 are EC2's own, not a role's.)",
        attachProfile("Attach an instance profile that contains a role", target),
        "NO_ROLE_ATTACHED",
      );
    case "no JSON":
      if (role !== "absent") return note(CHECK, `The response from iam/info is not JSON. ${PROXY}`);
      return fail(
        CHECK,
        "The response from iam/info is not JSON: something other than EC2's metadata service answers.",
        "Find what answers in the place of EC2's metadata service, such as a proxy.",
        "INVALID_RESPONSE",
      );
    default: {
      const { message, fix } = defectOf(state, target);
      if (role === "absent") return fail(CHECK, message, fix, "NO_ROLE_ATTACHED");
      const still = role === "unknown" ? "" : " There are still credentials, perhaps only until they expire.";
      return warning(CHECK, `${message}${still}`, fix);
    }
  }
}

const PROXY = "A proxy or an emulator answers in the place of EC2's metadata service.";

function defectOf(
  { kind, profile, said }: Extract<ProfileState, { profile: Profile }>,
  target: Target,
): { message: string; fix: string } {
  const message = `The ${profile.title} is attached, but`;
  if (kind === "without role")
    return {
      message: `${message} it contains no role (iam/info: ${said}).`,
      fix: addRoleToProfile("Add a role to it", profile.name),
    };
  const what = kind === "deleted" ? "was deleted" : "cannot be used";
  return {
    message: `${message} ${what} (iam/info: ${said}).`,
    fix: replaceProfile("Attach another one", target),
  };
}
