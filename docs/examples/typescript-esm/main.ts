import { subscribe } from "node:diagnostics_channel";
import {
  fromInstanceRole,
  InstanceMetadataError,
  REFRESH_CHANNEL,
  type RefreshEvent,
} from "ec2-role-credentials";

subscribe(REFRESH_CHANNEL, (message) => {
  const { kind, outcome, requests } = message as RefreshEvent;
  console.log(`${kind} refresh: ${outcome}, ${requests} requests`);
});

/** What is wrong, for the person who operates this program. */
function advice(error: InstanceMetadataError): string {
  switch (error.code) {
    case "NO_ROLE_ATTACHED":
      return "This instance has no role yet: attach an instance profile.";
    case "IMDS_UNREACHABLE":
      return "Either this is not EC2, or a firewall or the container's network blocks the metadata service.";
    default:
      return error.message;
  }
}

try {
  using credentials = fromInstanceRole();
  await credentials();
  const { roleName, expiration } = credentials.status();
  console.log(`The role is ${roleName}, its credentials expire at ${expiration?.toISOString()}.`);
} catch (error) {
  if (!(error instanceof InstanceMetadataError)) throw error;
  console.error(advice(error));
  process.exitCode = 1;
}
