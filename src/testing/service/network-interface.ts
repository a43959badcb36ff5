import { accountOf, type Instance } from "./instance.js";
import type { MetadataFolder } from "./metadata-node.js";

export const MAC = "02:00:0a:00:00:0a";
export const PRIVATE_IPV4 = "10.0.0.10";
// Addresses that RFC 5737 and RFC 3849 reserve for documentation: they belong to no one.
export const PUBLIC_IPV4 = "203.0.113.10";
export const IPV6 = "2001:db8:0:1::10";

const dashed = (address: string): string => address.replaceAll(".", "-");

export function privateHostname(region: string): string {
  const domain = region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`;
  return `ip-${dashed(PRIVATE_IPV4)}.${domain}`;
}

export function publicHostname(region: string, domain: string): string {
  const place = region === "us-east-1" ? "compute-1" : `${region}.compute`;
  return `ec2-${dashed(PUBLIC_IPV4)}.${place}.${domain}`;
}

/** The folder of the instance's one network interface, in a dual-stack subnet that assigns public addresses. */
export const networkInterface = (instance: Instance, domain: string): MetadataFolder => ({
  "device-number": "0",
  "interface-id": "eni-0a1b2c3d4e5f67890",
  "ipv4-associations": { [PUBLIC_IPV4]: PRIVATE_IPV4 },
  ipv6s: IPV6,
  "local-hostname": privateHostname(instance.region),
  "local-ipv4s": PRIVATE_IPV4,
  mac: MAC,
  // The first is the name that cloud-init reads, the second the documented one.
  "network-card": "0",
  "network-card-index": "0",
  "owner-id": accountOf(instance),
  "public-hostname": publicHostname(instance.region, domain),
  "public-ipv4s": PUBLIC_IPV4,
  "security-group-ids": "sg-0a1b2c3d4e5f67890",
  "security-groups": "default",
  "subnet-id": "subnet-0a1b2c3d4e5f67890",
  "subnet-ipv4-cidr-block": "10.0.0.0/24",
  "subnet-ipv6-cidr-blocks": "2001:db8:0:1::/64",
  "vpc-id": "vpc-0a1b2c3d4e5f67890",
  "vpc-ipv4-cidr-block": "10.0.0.0/16",
  "vpc-ipv4-cidr-blocks": "10.0.0.0/16",
  "vpc-ipv6-cidr-blocks": "2001:db8::/56",
});
