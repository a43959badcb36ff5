import type { Profile } from "../../config/profile.js";
import type { SharedFile } from "../../config/shared-config.js";

/** Credentials that a default chain uses before the instance's role. */
export interface CredentialSource {
  /** A sentence. */
  readonly message: string;
  readonly kind: "access keys" | "another role" | "container" | "served";
}

type Keys = Readonly<Record<string, string | undefined>>;

export const isSet = (variable: string): boolean => Boolean(process.env[variable]);

/** The keys of IAM users do not expire; temporary ones begin with ASIA, or come with a session token. */
export const termOf = (accessKeyId: string | undefined, sessionToken: string | undefined): string =>
  accessKeyId?.startsWith("ASIA") || sessionToken ? "Temporary access keys" : "Long-term access keys";

export const keysOf = (file: SharedFile, profile: string): Keys => file.profiles.get(profile)?.keys ?? {};

/** A profile's keys; for credentials, the SDK prefers the credentials file. */
export const mergedKeys = ({ files, name }: Profile): Keys => ({
  ...keysOf(files.config, name.value),
  ...keysOf(files.credentials, name.value),
});

export const environmentKeys = (): CredentialSource | undefined =>
  isSet("AWS_ACCESS_KEY_ID") && isSet("AWS_SECRET_ACCESS_KEY")
    ? {
        message: `${termOf(process.env.AWS_ACCESS_KEY_ID, process.env.AWS_SESSION_TOKEN)} are set in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).`,
        kind: "access keys",
      }
    : undefined;

/** What gives a profile credentials, in the order in which the AWS SDK for JavaScript asks. */
const PROFILE_KINDS: readonly {
  readonly key: string;
  readonly applies: (keys: Keys) => boolean;
  readonly does: string;
}[] = [
  {
    key: "role_arn",
    applies: ({ role_arn, source_profile, credential_source }) =>
      Boolean(role_arn && (source_profile || credential_source)),
    does: "assumes another role",
  },
  {
    key: "aws_access_key_id",
    applies: ({ aws_access_key_id, aws_secret_access_key }) =>
      Boolean(aws_access_key_id && aws_secret_access_key),
    does: "has access keys",
  },
  {
    key: "web_identity_token_file",
    applies: ({ role_arn, web_identity_token_file }) => Boolean(role_arn && web_identity_token_file),
    does: "assumes a role with a web identity",
  },
  {
    key: "credential_process",
    applies: ({ credential_process }) => Boolean(credential_process),
    does: "runs a program for credentials",
  },
  {
    key: "sso_session",
    applies: ({ sso_session }) => Boolean(sso_session),
    does: "signs in with IAM Identity Center",
  },
  {
    key: "sso_account_id",
    applies: ({ sso_session, sso_account_id }) => Boolean(sso_account_id && !sso_session),
    does: "signs in with IAM Identity Center",
  },
  {
    key: "login_session",
    applies: ({ login_session }) => Boolean(login_session),
    does: "signs in with a console session",
  },
];

/** The credentials of the profile in use. */
export function profileSources(profile: Profile): CredentialSource[] {
  const merged = mergedKeys(profile);
  const { files, name } = profile;
  return PROFILE_KINDS.filter(({ applies }) => applies(merged)).flatMap(
    ({ key, does }): CredentialSource[] => {
      const holders = [files.credentials, files.config].filter((file) => keysOf(file, name.value)[key]);
      if (key !== "aws_access_key_id") {
        const paths = holders.map(({ path }) => path).join(" and ");
        return [{ message: `The profile ${name.value} ${does} (${key} in ${paths}).`, kind: "another role" }];
      }
      return holders.map((file) => {
        const { aws_access_key_id: id, aws_session_token: token } = keysOf(file, name.value);
        const header = file.profiles.get(name.value)?.header;
        return { message: `${termOf(id, token)} are in ${header} of ${file.path}.`, kind: "access keys" };
      });
    },
  );
}

const POD_IDENTITY_HOSTS = ["169.254.170.23", "[fd00:ec2::23]"];

/** The role of a container itself, and the credentials that `serve` or `serveCredentials` offers. */
export function containerSources(): CredentialSource[] {
  const sources: CredentialSource[] = [];
  const add = (kind: "container" | "served", what: string, variable: string) =>
    sources.push({ message: `This is ${what} (${variable}).`, kind });
  if (isSet("AWS_WEB_IDENTITY_TOKEN_FILE") && isSet("AWS_ROLE_ARN"))
    add("container", "a pod with its own role, by IRSA", "AWS_WEB_IDENTITY_TOKEN_FILE");
  if (isSet("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
    add("container", "an ECS task with its own role", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const uri = process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (uri) {
    const url = URL.canParse(uri) ? new URL(uri) : undefined;
    const variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    if (url?.hostname === "127.0.0.1" && url.pathname === "/credentials")
      add("served", "a process whose SDKs get credentials from ec2-role-credentials serve", variable);
    else if (url !== undefined && POD_IDENTITY_HOSTS.includes(url.hostname))
      add("container", "an EKS pod with its own role, by Pod Identity", variable);
    else add("container", "a container with its own role", variable);
  }
  return sources;
}
