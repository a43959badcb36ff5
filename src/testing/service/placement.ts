import type { Instance } from "./instance.js";
import type { MetadataFolder } from "./metadata-node.js";

interface Partition {
  readonly name: string;
  readonly domain: string;
}

export function partitionOf(region: string): Partition {
  if (region.startsWith("cn-")) return { name: "aws-cn", domain: "amazonaws.com.cn" };
  if (region.startsWith("us-gov-")) return { name: "aws-us-gov", domain: "amazonaws.com" };
  return { name: "aws", domain: "amazonaws.com" };
}

/** `use1-az1` for `us-east-1a`: AWS's abbreviations. Which zone has which id differs between accounts. */
function zoneId({ region, availabilityZone }: Instance): string {
  const [area, ...rest] = region.split("-");
  const short = rest.map((part) =>
    part.replace(/north|south|east|west|central|gov/g, (word) => word.slice(0, 1)),
  );
  const letter = /[a-z]$/.exec(availabilityZone)?.[0] ?? "a";
  return `${area}${short.join("")}-az${letter.charCodeAt(0) - 96}`;
}

export const placement = (instance: Instance): MetadataFolder => ({
  "availability-zone": instance.availabilityZone,
  "availability-zone-id": zoneId(instance),
  region: instance.region,
});
