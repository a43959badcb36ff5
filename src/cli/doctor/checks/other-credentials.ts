import type { Profile } from "../../../config/profile.js";
import {
  type CredentialSource,
  containerSources,
  environmentKeys,
  isSet,
  keysOf,
  mergedKeys,
  profileSources,
  termOf,
} from "../credential-sources.js";
import { type Finding, note, ok, warning } from "../findings.js";
import { nameOf } from "../sources.js";

const CHECK = "other credentials";

const REMOVE =
  "On an instance, remove them and use the role: its keys expire and are not stored on disk. On your own machine they may stay.";

/** Credentials besides the instance's role, and what the SDKs' default chains make of them. */
export function checkOtherCredentials(profile: Profile): Finding[] {
  const { name } = profile;
  const isNamed = name.from.kind !== "default";
  const inEnvironment = environmentKeys();
  const used = [
    ...(inEnvironment && !isNamed ? [inEnvironment] : []),
    ...profileSources(profile),
    ...containerSources(),
  ];
  const findings = [
    ...used.map((source, index) => usedBefore(source, index === 0 && used.length > 1)),
    ...(inEnvironment && isNamed ? [passedOver(inEnvironment, nameOf(name.from))] : []),
    ...overridesOfServe(used),
    ...assumedRole(profile),
    ...halves(profile),
    ...keysOfOtherProfiles(profile),
  ];
  if (findings.length > 0) return findings;
  return [
    ok(
      CHECK,
      `No other credentials found (environment, profile ${name.value}) that the SDK's default chain would use before the instance role.`,
    ),
  ];
}

function usedBefore({ message, kind }: CredentialSource, isFirst: boolean): Finding {
  const [it, use] = kind === "access keys" ? ["them", "uses them"] : ["it", "uses it"];
  const first = isFirst
    ? ` The AWS SDK for JavaScript's default chain uses ${kind === "access keys" ? "these" : "this"} first.`
    : "";
  if (kind === "served") return note(CHECK, `${message}${first}`);
  const text = `${message} fromInstanceRole() ignores ${it}; a default chain ${use} before the instance role.${first}`;
  if (kind === "access keys") return warning(CHECK, text, REMOVE);
  return kind === "container"
    ? note(
        CHECK,
        text,
        "Use the role of the pod or task, with the SDK's default chain, unless you want the instance's.",
      )
    : note(CHECK, text);
}

const passedOver = ({ message }: CredentialSource, named: string): Finding =>
  warning(
    CHECK,
    `${message} fromInstanceRole() ignores them. So does the AWS SDK for JavaScript's default chain while a profile is named (${named}); other SDKs may use them before the instance role.`,
    REMOVE,
  );

/** These variables win over the two that `serve` and `serveCredentials` set. */
function overridesOfServe(used: readonly CredentialSource[]): Finding[] {
  if (!used.some(({ kind }) => kind === "served")) return [];
  return ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
    .filter(isSet)
    .map((variable) =>
      warning(
        CHECK,
        `${variable} is set: the AWS SDKs use it in the place of what ec2-role-credentials serve offers.`,
        `Unset ${variable}.`,
      ),
    );
}

/** `fromInstanceRole` reads its own settings from a profile, and does not follow the profile's role. */
function assumedRole(profile: Profile): Finding[] {
  const { role_arn: role } = mergedKeys(profile);
  const { value, from } = profile.name;
  if (role === undefined || from.kind === "default") return [];
  return [
    warning(
      CHECK,
      `The profile ${value} (${nameOf(from)}) assumes the role ${role}. fromInstanceRole() does not: it gives the credentials of the instance's own role.`,
      "To assume the role, use refreshAhead(fromTemporaryCredentials({ masterCredentials: fromInstanceRole(), params: { RoleArn } })).",
    ),
  ];
}

const STOPS = "the AWS SDK for JavaScript's default chain ignores it; the AWS CLI and boto3 fail.";
const IGNORES = "default chains ignore it.";

/** What is of use only together with something that is missing. */
function halves(profile: Profile): Finding[] {
  const { aws_access_key_id: id, aws_secret_access_key: secret } = mergedKeys(profile);
  const [key, secretKey] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  const [tokenFile, roleArn] = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"];
  const pairs = [
    [isSet(key), isSet(secretKey), key, secretKey, STOPS],
    [isSet(secretKey), isSet(key), secretKey, key, IGNORES],
    [isSet(tokenFile), isSet(roleArn), tokenFile, roleArn, STOPS],
    [
      Boolean(id),
      Boolean(secret),
      `aws_access_key_id of profile ${profile.name.value}`,
      "aws_secret_access_key",
      STOPS,
    ],
  ] as const;
  return pairs
    .filter(([isThere, hasOther]) => isThere && !hasOther)
    .map(([, , half, other, consequence]) =>
      note(CHECK, `${half} is set without ${other}: ${consequence}`, `Unset it, or set ${other} too.`),
    );
}

function keysOfOtherProfiles({ files, name }: Profile): Finding[] {
  return [files.credentials, files.config].flatMap((file) =>
    [...file.profiles]
      .filter(([profile, { keys }]) => profile !== name.value && keys.aws_access_key_id)
      .map(([profile, { header }]) => {
        const { aws_access_key_id: id, aws_session_token: token } = keysOf(file, profile);
        const message = `${termOf(id, token)} are in ${header} of ${file.path}. Only programs that name this profile use them.`;
        return warning(CHECK, message, REMOVE);
      }),
  );
}
