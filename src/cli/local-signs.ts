import { readFile } from "node:fs/promises";
import { loadSharedConfigFiles } from "@smithy/core/config";
import { sharedFilePaths } from "../shared-config.js";
import type { Finding } from "./findings.js";

const DMI = "/sys/class/dmi/id";

const read = (file: string): Promise<string> =>
  readFile(file, "utf8").then(
    (text) => text.trim(),
    () => "",
  );

/** Whether this looks like an EC2 instance, by what the machine itself says: nothing is sent anywhere. */
export async function instanceFinding(root = ""): Promise<Finding> {
  const [vendor, asset, hypervisor] = await Promise.all([
    read(`${root}${DMI}/sys_vendor`),
    read(`${root}${DMI}/board_asset_tag`),
    read(`${root}/sys/hypervisor/uuid`),
  ]);
  if (vendor === "Amazon EC2") {
    const id = /^i-[0-9a-f]+$/.test(asset) ? ` (${asset})` : "";
    return { check: "instance", verdict: "ok", says: `This machine says that it is an EC2 instance${id}.` };
  }
  if (/^ec2/i.test(hypervisor)) {
    return { check: "instance", verdict: "ok", says: "This machine says that it is an EC2 instance (Xen)." };
  }
  return {
    check: "instance",
    verdict: "note",
    says: "This machine does not look like an EC2 instance, as far as its own files tell; inside a container they may be hidden.",
  };
}

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["AWS_ACCESS_KEY_ID", "access keys"],
  ["AWS_WEB_IDENTITY_TOKEN_FILE", "a web identity"],
  ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "container credentials"],
  ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "container credentials"],
];

/** Credentials lying about that a default credential chain takes before it asks for the instance role. */
export async function otherCredentials(profile: string | undefined): Promise<Finding[]> {
  const places: string[] = [];
  for (const [variable, kind] of ENVIRONMENT) {
    if (process.env[variable]) places.push(`${kind} in the environment (${variable})`);
  }
  const name = profile ?? (process.env.AWS_PROFILE?.trim() || "default");
  const paths = sharedFilePaths();
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ...paths, ignoreCache: true });
  const files = [
    [credentialsFile, paths.filepath],
    [configFile, paths.configFilepath],
  ] as const;
  for (const [file, path] of files) {
    for (const [section, keys] of Object.entries(file)) {
      if (!keys.aws_access_key_id) continue;
      const use = section === name ? "the profile in force" : "a profile that is not in force";
      places.push(`long-term or copied keys in ${path}, section ${section} (${use})`);
    }
  }
  if (places.length === 0) {
    return [
      {
        check: "other credentials",
        verdict: "ok",
        says: "No other credentials lie in the environment or the shared files.",
      },
    ];
  }
  return places.map((place) => ({
    check: "other credentials",
    verdict: "warning",
    says: `There are ${place}. fromInstanceRole() ignores them, but a default credential chain takes them before the role.`,
    cure: "Remove them: on an instance a role is always preferable, as its keys expire by themselves and cannot be copied out of a file.",
  }));
}
