// What an application gets where there is no home directory and no passwd entry, in Node, Bun and Deno.

import { homedir } from "node:os";
import { fromInstanceRole, InstanceMetadataClient, instanceRegion } from "ec2-role-credentials";

const outcomeOf = (work) => {
  try {
    return work() ?? "none";
  } catch {
    return "none";
  }
};

const provider = fromInstanceRole();
const { accessKeyId } = await provider();
const { roleName, stale } = provider.status();
const region = await instanceRegion()();
const instanceId = await new InstanceMetadataClient({ profile: "default" }).instanceId();
console.log(
  JSON.stringify({
    home: outcomeOf(homedir),
    accessKeyId,
    roleName,
    stale,
    region,
    hasId: instanceId !== "",
  }),
);
