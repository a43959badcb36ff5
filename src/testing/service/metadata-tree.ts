import { IMAGE_ID, INSTANCE_TYPE, type Instance } from "./instance.js";
import { instanceIdentity } from "./instance-identity.js";
import type { MetadataFolder } from "./metadata-node.js";
import {
  IPV6,
  MAC,
  networkInterface,
  PRIVATE_IPV4,
  PUBLIC_IPV4,
  privateHostname,
  publicHostname,
} from "./network-interface.js";
import { partitionOf, placement } from "./placement.js";

/** What of the tree changes while the instance runs: the folders of `meta-data/` that come and go. */
export interface ChangingMetadata {
  /** The folder `iam/`; undefined when no instance profile is attached. */
  readonly iam: MetadataFolder | undefined;
  readonly identityCredentials: MetadataFolder;
  readonly events: MetadataFolder;
  readonly lifeCycle: "on-demand" | "spot";
}

const DEVICE = "/dev/xvda";
/** In the form of a key, all of whose bits are 0. */
const SSH_KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} mock-key`;

/**
 * Everything below a version: what a Nitro instance has that was launched with a key pair, into a dual-stack subnet
 * that assigns public addresses, and nothing else set up.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
 */
export function metadataTree(
  instance: Instance,
  launched: number,
  { iam, identityCredentials, events, lifeCycle }: ChangingMetadata,
): MetadataFolder {
  const { region, tags, userData } = instance;
  const { name: partition, domain } = partitionOf(region);
  const hostname = privateHostname(region);
  return {
    dynamic: {
      fws: { "instance-monitoring": "disabled" },
      "instance-identity": instanceIdentity(instance, launched),
    },
    "meta-data": {
      "ami-id": IMAGE_ID,
      "ami-launch-index": "0",
      "ami-manifest-path": "(unknown)",
      "block-device-mapping": { ami: DEVICE, root: DEVICE },
      ...events,
      hibernation: { configured: "false" },
      hostname,
      ...(iam === undefined ? {} : { iam }),
      "identity-credentials": identityCredentials,
      "instance-action": "none",
      "instance-id": instance.instanceId,
      "instance-life-cycle": lifeCycle,
      "instance-type": INSTANCE_TYPE,
      ipv6: IPV6,
      "local-hostname": hostname,
      "local-ipv4": PRIVATE_IPV4,
      mac: MAC,
      metrics: { vhostmd: '<?xml version="1.0" encoding="UTF-8"?>' },
      network: { interfaces: { macs: { [MAC]: networkInterface(instance, domain) } } },
      placement: placement(instance),
      profile: "default-hvm",
      "public-hostname": publicHostname(region, domain),
      "public-ipv4": PUBLIC_IPV4,
      "public-keys": { "0": { "openssh-key": SSH_KEY } },
      "reservation-id": "r-0a1b2c3d4e5f67890",
      "security-groups": "default",
      services: { domain, partition },
      system: "nitro",
      ...(tags === undefined ? {} : { tags: { instance: tags } }),
    },
    ...(userData === undefined ? {} : { "user-data": userData }),
  };
}
