import type { Profile } from "../../../config/profile.js";
import type { SharedFile } from "../../../config/shared-config.js";
import type { Finding } from "../findings.js";
import { placeOf } from "./settings.js";

type ProfileSection = Readonly<Record<string, string | undefined>>;

/** What a default credential chain takes before the instance's role. */
interface Source {
  readonly says: string;
  readonly kind: "access keys" | "role or program";
}

const REMOVE =
  "Remove them from an instance: there a role is always preferable, as its keys expire by themselves and cannot be copied out of a file. On your own machine they may stay.";

const ID = "AWS_ACCESS_KEY_ID";
const SECRET = "AWS_SECRET_ACCESS_KEY";

/** What lies about besides the instance's role, and what a default credential chain makes of it. */
export function otherCredentials({ name: { value, from }, files: shared }: Profile): Finding[] {
  const inForce = { name: value, called: placeOf(from) };
  // The credentials file first: of the two, the SDK prefers it for credentials.
  const files = [shared.credentials, shared.config];
  const environmentKeys = isSet(ID) && isSet(SECRET);
  const isNamed = inForce.called !== "default";
  const taken = [
    ...(environmentKeys && !isNamed ? [ENVIRONMENT_KEYS] : []),
    ...profileSources(inForce.name, files),
    ...containerSources(),
  ];
  const findings = [
    ...taken.map((source, index) => takenFinding(source, index === 0 && taken.length > 1)),
    ...(environmentKeys && isNamed ? [passedOver(inForce.called)] : []),
    ...halves(inForce.name, files),
    ...keysOfOthers(inForce.name, files),
  ];
  if (findings.length > 0) return findings;
  const says = `Nothing was found that a default credential chain takes before the instance's role: not in the environment, and not in the profile ${inForce.name}.`;
  return [{ check: "other credentials", verdict: "ok", says }];
}

const isSet = (variable: string): boolean => Boolean(process.env[variable]);

const ENVIRONMENT_KEYS: Source = {
  says: `Access keys lie in the environment (${ID} and ${SECRET}).`,
  kind: "access keys",
};

/** What makes a profile a source, in the order in which the AWS SDK for JavaScript looks for it. */
const PROFILE_SOURCES: readonly {
  readonly key: string;
  readonly applies: (section: ProfileSection) => boolean;
  readonly does: string;
}[] = [
  {
    key: "role_arn",
    applies: ({ role_arn, source_profile, credential_source }) =>
      Boolean(role_arn && (source_profile || credential_source)),
    does: "assumes another role",
  },
  { key: "aws_access_key_id", applies: hasKeys, does: "has access keys" },
  {
    key: "web_identity_token_file",
    applies: ({ role_arn, web_identity_token_file }) => Boolean(role_arn && web_identity_token_file),
    does: "takes a role by web identity",
  },
  {
    key: "credential_process",
    applies: ({ credential_process }) => Boolean(credential_process),
    does: "runs a program for credentials",
  },
  {
    key: "sso_session",
    applies: ({ sso_session }) => Boolean(sso_session),
    does: "signs in at IAM Identity Center",
  },
  {
    key: "sso_account_id",
    applies: ({ sso_session, sso_account_id }) => Boolean(sso_account_id && !sso_session),
    does: "signs in at IAM Identity Center",
  },
  {
    key: "login_session",
    applies: ({ login_session }) => Boolean(login_session),
    does: "signs in with a console session",
  },
];

function hasKeys({ aws_access_key_id, aws_secret_access_key }: ProfileSection): boolean {
  return Boolean(aws_access_key_id && aws_secret_access_key);
}

const sectionOf = ({ profiles }: SharedFile, name: string): ProfileSection => profiles.get(name)?.keys ?? {};

/** A profile as the SDK reads it: a key in the credentials file wins. */
const merged = (name: string, files: readonly SharedFile[]): ProfileSection =>
  Object.assign({}, ...files.map((file) => sectionOf(file, name)).reverse());

function profileSources(name: string, files: readonly SharedFile[]): Source[] {
  const section = merged(name, files);
  return PROFILE_SOURCES.filter(({ applies }) => applies(section)).flatMap(({ key, does }): Source[] => {
    const paths = files.filter((file) => sectionOf(file, name)[key]).map(({ path }) => path ?? "");
    if (key === "aws_access_key_id") {
      return paths.map((path) => ({
        says: `Access keys lie in ${path}, section ${name} (the profile in force).`,
        kind: "access keys",
      }));
    }
    const says = `The profile in force, ${name}, ${does} (${key} in ${paths.join(" and ")}).`;
    return [{ says, kind: "role or program" }];
  });
}

/** A container's or pod's own role. */
function containerSources(): Source[] {
  const webIdentity = "AWS_WEB_IDENTITY_TOKEN_FILE";
  const uris = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  const variables = [...(isSet("AWS_ROLE_ARN") ? [webIdentity] : []), ...uris].filter(isSet);
  return variables.map((variable) => ({
    says: `This container (pod) has a role of its own (${variable}).`,
    kind: "role or program",
  }));
}

function takenFinding({ says, kind }: Source, isFirst: boolean): Finding {
  const it = kind === "access keys" ? "them" : "it";
  const first = isFirst
    ? ` Of what is listed here, the one of the AWS SDK for JavaScript takes ${it} first.`
    : "";
  const ignored = `fromInstanceRole() ignores ${it}; a default credential chain takes ${it} before the instance's role.${first}`;
  const finding = { check: "other credentials", says: `${says} ${ignored}` } as const;
  return kind === "access keys"
    ? { ...finding, verdict: "warning", cure: REMOVE }
    : { ...finding, verdict: "note" };
}

const passedOver = (called: string): Finding => ({
  check: "other credentials",
  verdict: "warning",
  says: `${ENVIRONMENT_KEYS.says} fromInstanceRole() ignores them, and so does the default chain of the AWS SDK for JavaScript while a profile is named (${called}); other SDKs may take them before the instance's role.`,
  cure: REMOVE,
});

const STOPS =
  "the default chain of the AWS SDK for JavaScript passes it over, the AWS CLI and boto3 stop at it.";
const PASSES = "a default credential chain passes it over.";

/** What is of use only together with something that is missing. */
function halves(name: string, files: readonly SharedFile[]): Finding[] {
  const { aws_access_key_id: id, aws_secret_access_key: secret } = merged(name, files);
  const lone = [
    [isSet(ID), isSet(SECRET), ID, SECRET, STOPS],
    [isSet(SECRET), isSet(ID), SECRET, ID, PASSES],
    [
      isSet("AWS_WEB_IDENTITY_TOKEN_FILE"),
      isSet("AWS_ROLE_ARN"),
      "AWS_WEB_IDENTITY_TOKEN_FILE",
      "AWS_ROLE_ARN",
      STOPS,
    ],
    [Boolean(id), Boolean(secret), `aws_access_key_id of profile ${name}`, "aws_secret_access_key", STOPS],
  ] as const;
  return lone
    .filter(([isThere, hasOther]) => isThere && !hasOther)
    .map(([, , half, other, consequence]) => ({
      check: "other credentials",
      verdict: "note",
      says: `${half} is set without ${other}, and both are needed: ${consequence}`,
      cure: "Unset it, or set both.",
    }));
}

function keysOfOthers(inForce: string, files: readonly SharedFile[]): Finding[] {
  return files.flatMap(({ path, profiles }) =>
    [...profiles]
      .filter(([name, { keys }]) => name !== inForce && keys.aws_access_key_id)
      .map(([name]) => ({
        check: "other credentials",
        verdict: "warning",
        says: `Access keys lie in ${path}, section ${name}, a profile that is not in force: only a program that names this profile takes them.`,
        cure: REMOVE,
      })),
  );
}
