import { InstanceMetadataError } from "../../../errors/instance-metadata-error.js";
import { parseJsonObject } from "../../../imds/json-object.js";
import type { Finding } from "../findings.js";
import { broken, quoted } from "../findings.js";
import type { MetadataProbe } from "../metadata-probe.js";

/** What `iam/info` says of the instance profile. */
export type ProfileState =
  | { readonly kind: "attached"; readonly profile: Profile }
  | {
      readonly kind: "without role" | "deleted" | "refused";
      readonly profile: Profile;
      readonly told: string;
    }
  | { readonly kind: "nothing" | "no JSON" }
  | { readonly kind: "unreadable"; readonly error: InstanceMetadataError };

interface Profile {
  /** As it stands in a sentence. */
  readonly shown: string;
  /** For a command; an ellipsis if it is not told. */
  readonly name: string;
}

export async function readProfileState(probe: MetadataProbe): Promise<ProfileState> {
  try {
    const { body } = await probe.read("/latest/meta-data/iam/info");
    return profileStateOf(parseJsonObject(body));
  } catch (error) {
    if (!(error instanceof InstanceMetadataError)) return { kind: "no JSON" };
    return error.code === "NOT_FOUND" ? { kind: "nothing" } : { kind: "unreadable", error };
  }
}

function profileStateOf({
  Code,
  Message,
  InstanceProfileArn: arn,
}: Readonly<Record<string, unknown>>): ProfileState {
  const profile = {
    shown: typeof arn === "string" ? `instance profile ${quoted(arn)}` : "instance profile",
    name: (typeof arn === "string" ? /[/]([\w+=,.@-]+)$/.exec(arn)?.[1] : undefined) ?? "…",
  };
  const message = typeof Message === "string" ? quoted(Message) : "";
  if (Code === "Success")
    return message === "" ? { kind: "attached", profile } : { kind: "without role", profile, told: message };
  const code = typeof Code === "string" ? quoted(Code) : "no code";
  const told = message === "" ? code : `${code}: ${message}`;
  return { kind: Code === "InstanceProfileNotFound" ? "deleted" : "refused", profile, told };
}

const NAME_ONE = "--iam-instance-profile Name=…";
const REPLACE = `aws ec2 replace-iam-instance-profile-association --association-id … ${NAME_ONE} (describe-iam-instance-profile-associations tells the id).`;

/** Whether the role's credentials were read all the same: some proxies serve nothing else. */
type Credentials = "served" | "not served";

export function profileFinding(state: ProfileState, credentials: Credentials): Finding {
  const complaint = complaintOf(state);
  if (complaint.verdict !== "broken" || credentials === "not served") return complaint;
  const { check } = complaint;
  if (state.kind === "nothing" || state.kind === "no JSON" || state.kind === "unreadable") {
    const says = "iam/info tells nothing of a profile, yet credentials are served (a proxy?).";
    return { check, verdict: "note", says };
  }
  return {
    ...complaint,
    verdict: "warning",
    says: `${complaint.says} Credentials are served all the same, perhaps only until they expire.`,
  };
}

function complaintOf(state: ProfileState): Finding {
  const check = "instance profile";
  switch (state.kind) {
    case "attached":
      return { check, verdict: "ok", says: `The ${state.profile.shown} is attached.` };
    case "nothing":
      return {
        check,
        verdict: "broken",
        says: "No instance profile is attached.",
        cure: `Attach one that contains a role: aws ec2 associate-iam-instance-profile --instance-id … ${NAME_ONE}`,
        code: "NO_ROLE_ATTACHED",
      };
    case "without role":
      return {
        check,
        verdict: "broken",
        says: `The ${state.profile.shown} is attached, but gives no role; iam/info says: ${state.told}.`,
        cure: `Put a role into it: aws iam add-role-to-instance-profile --instance-profile-name ${state.profile.name} --role-name …`,
        code: "NO_ROLE_ATTACHED",
      };
    case "deleted":
      return {
        check,
        verdict: "broken",
        says: `The ${state.profile.shown} is attached, but was deleted; iam/info says: ${state.told}.`,
        cure: `Attach another in its place: ${REPLACE}`,
        code: "NO_ROLE_ATTACHED",
      };
    case "refused":
      return {
        check,
        verdict: "broken",
        says: `The ${state.profile.shown} is of no use; iam/info says: ${state.told}.`,
        cure: `Attach another in its place: ${REPLACE}`,
      };
    case "no JSON":
      return {
        check,
        verdict: "broken",
        says: "What iam/info says is not a JSON object.",
        cure: "EC2 always answers it with one: find out what stands between this machine and the metadata service.",
        code: "INVALID_RESPONSE",
      };
    case "unreadable":
      return broken(check, state.error);
  }
}
