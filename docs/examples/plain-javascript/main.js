// Prints the instance, its role, and when the role's credentials expire.

import { fromInstanceRole, InstanceMetadataClient } from "ec2-role-credentials";

const credentials = fromInstanceRole();
const metadata = new InstanceMetadataClient();

const [{ accessKeyId }, instanceId, region] = await Promise.all([
  credentials(),
  metadata.instanceId(),
  metadata.region(),
]);
const { roleName, expiration } = credentials.status();
console.log(
  `${instanceId} in ${region} is ${roleName}, with key ${accessKeyId} until ${expiration.toISOString()}`,
);
