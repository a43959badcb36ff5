import type { Instance } from "./instance.js";

/** A file, or a folder of files. Keys are path segments, in the order of the listing. */
export type MetadataNode = string | { readonly [name: string]: MetadataNode };

const ADDRESS = "10.0.0.10";
const MAC = "02:00:0a:00:00:0a";

/** The account that stands in where EC2 always names one. */
export const accountOf = (instance: Instance): string => instance.accountId ?? "123456789012";

interface Partition {
  readonly name: string;
  readonly domain: string;
}

export function partitionOf(region: string): Partition {
  if (region.startsWith("cn-")) return { name: "aws-cn", domain: "amazonaws.com.cn" };
  if (region.startsWith("us-gov-")) return { name: "aws-us-gov", domain: "amazonaws.com" };
  return { name: "aws", domain: "amazonaws.com" };
}

/** The instance identity document. */
function identityDocument(instance: Instance, launched: number): string {
  const document = {
    accountId: accountOf(instance),
    architecture: "x86_64",
    availabilityZone: instance.availabilityZone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: "ami-0a1b2c3d4e5f67890",
    instanceId: instance.instanceId,
    instanceType: "t3.micro",
    kernelId: null,
    pendingTime: wholeSeconds(launched),
    privateIp: ADDRESS,
    ramdiskId: null,
    region: instance.region,
    version: "2017-09-30",
  };
  return JSON.stringify(document, null, 2);
}

/** A moment as metadata shows it: RFC 3339, UTC, whole seconds. */
export const wholeSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Everything below a version. `iam` is what hangs on the role; without it there is no such folder. */
export function metadataTree(
  instance: Instance,
  launched: number,
  iam: MetadataNode | undefined,
): MetadataNode {
  const { region, availabilityZone, instanceId, tags } = instance;
  const { name: partition, domain } = partitionOf(region);
  const hostname = `ip-${ADDRESS.replaceAll(".", "-")}.${region === "us-east-1" ? "ec2" : `${region}.compute`}.internal`;
  const card = {
    "device-number": "0",
    "interface-id": "eni-0a1b2c3d4e5f67890",
    "local-hostname": hostname,
    "local-ipv4s": ADDRESS,
    mac: MAC,
    "owner-id": accountOf(instance),
    "security-groups": "default",
    "subnet-id": "subnet-0a1b2c3d4e5f67890",
    "subnet-ipv4-cidr-block": "10.0.0.0/24",
    "vpc-id": "vpc-0a1b2c3d4e5f67890",
    "vpc-ipv4-cidr-block": "10.0.0.0/16",
    "vpc-ipv4-cidr-blocks": "10.0.0.0/16",
  };
  return {
    dynamic: { "instance-identity": { document: identityDocument(instance, launched) } },
    "meta-data": {
      "ami-id": "ami-0a1b2c3d4e5f67890",
      "ami-launch-index": "0",
      "ami-manifest-path": "(unknown)",
      hostname,
      ...(iam === undefined ? {} : { iam }),
      "instance-action": "none",
      "instance-id": instanceId,
      "instance-life-cycle": "on-demand",
      "instance-type": "t3.micro",
      "local-hostname": hostname,
      "local-ipv4": ADDRESS,
      mac: MAC,
      network: { interfaces: { macs: { [MAC]: card } } },
      placement: { "availability-zone": availabilityZone, region },
      "reservation-id": "r-0a1b2c3d4e5f67890",
      "security-groups": "default",
      services: { domain, partition },
      ...(tags === undefined ? {} : { tags: { instance: tags } }),
    },
  };
}

/** What a path leads to; undefined if it leads nowhere. */
export function findNode(tree: MetadataNode, segments: readonly string[]): MetadataNode | undefined {
  let node: MetadataNode | undefined = tree;
  for (const segment of segments) {
    // A name that every object has, such as "constructor", is not a file.
    node = typeof node === "object" && Object.hasOwn(node, segment) ? node[segment] : undefined;
  }
  return node;
}

/** A folder as EC2 lists it: a name a line, folders with a slash. */
export const listing = (folder: Exclude<MetadataNode, string>): string =>
  Object.entries(folder)
    .map(([name, node]) => (typeof node === "string" ? name : `${name}/`))
    .join("\n");
