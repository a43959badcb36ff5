import { readProfile, valuesInProfile } from "../config/profile.js";

/** Keys that give a profile credentials of its own. */
const PROFILE_KEYS = [
  "aws_access_key_id",
  "role_arn",
  "web_identity_token_file",
  "credential_process",
  "sso_session",
  "sso_account_id",
  "login_session",
] as const;

/**
 * What the default chains of the AWS SDKs use before they ask a container's credentials endpoint, as far as it is set
 * for the processes that this one starts; a sentence for each.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export async function credentialsBeforeContainer(env: NodeJS.ProcessEnv): Promise<string[]> {
  const found: string[] = [];
  if (env.AWS_ACCESS_KEY_ID) found.push("Access keys are set in the environment (AWS_ACCESS_KEY_ID).");
  if (env.AWS_WEB_IDENTITY_TOKEN_FILE && env.AWS_ROLE_ARN) {
    found.push("A web identity is set in the environment (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN).");
  }
  const name = env.AWS_PROFILE?.trim() || "default";
  const profile = await readProfile(name);
  const key = PROFILE_KEYS.find((one) => valuesInProfile(profile, one).length > 0);
  if (key) found.push(`The profile ${JSON.stringify(name)} has credentials of its own (${key}).`);
  return found;
}
