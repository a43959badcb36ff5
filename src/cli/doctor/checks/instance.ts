import { readFile } from "node:fs/promises";
import type { Finding } from "../findings.js";

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
