/** The instance that a command is for; what is not known is a placeholder in capitals. */
export interface Target {
  readonly instanceId: string | undefined;
  readonly region: string | undefined;
}

const region = (target: Target): string => (target.region === undefined ? "" : ` --region ${target.region}`);

const instance = (target: Target): string =>
  `--instance-id ${target.instanceId ?? "INSTANCE_ID"}${region(target)}`;

/** What to do, and the command that does it on a line of its own, so that it can be copied. */
const instruction = (what: string, command: string): string => `${what}:\n${command}`;

export const setMetadataOptions = (what: string, target: Target, options: string): string =>
  instruction(what, `aws ec2 modify-instance-metadata-options ${instance(target)} ${options}`);

export const requireTokensInAccount = (what: string, target: Target): string =>
  instruction(
    what,
    `aws ec2 modify-instance-metadata-defaults${region(target)} --http-tokens required --http-tokens-enforced enabled`,
  );

export const attachProfile = (what: string, target: Target): string =>
  instruction(
    what,
    `aws ec2 associate-iam-instance-profile ${instance(target)} --iam-instance-profile Name=PROFILE_NAME`,
  );

export function replaceProfile(what: string, target: Target): string {
  const filter = `--filters Name=instance-id,Values=${target.instanceId ?? "INSTANCE_ID"}`;
  const find = instruction(
    `${what}. Find the AssociationId`,
    `aws ec2 describe-iam-instance-profile-associations ${filter}${region(target)}`,
  );
  const replace = instruction(
    "Then replace the association",
    `aws ec2 replace-iam-instance-profile-association --association-id ASSOCIATION_ID${region(target)} --iam-instance-profile Name=PROFILE_NAME`,
  );
  return `${find}\n${replace}`;
}

export const showTrustPolicy = (what: string, roleName: string | undefined): string =>
  instruction(
    what,
    `aws iam get-role --role-name ${roleName ?? "ROLE_NAME"} --query Role.AssumeRolePolicyDocument`,
  );

export const addRoleToProfile = (what: string, profileName: string | undefined): string =>
  instruction(
    what,
    `aws iam add-role-to-instance-profile --instance-profile-name ${profileName ?? "PROFILE_NAME"} --role-name ROLE_NAME`,
  );
