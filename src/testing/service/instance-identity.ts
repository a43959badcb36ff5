import { createHash } from "node:crypto";
import { accountOf, IMAGE_ID, INSTANCE_TYPE, type Instance } from "./instance.js";
import type { MetadataFolder } from "./metadata-node.js";
import { PRIVATE_IPV4 } from "./network-interface.js";
import { wholeSeconds } from "./whole-seconds.js";

/** The folder `dynamic/instance-identity/`. Its signatures have the form of EC2's and verify with no certificate. */
export function instanceIdentity(instance: Instance, launched: number): MetadataFolder {
  const document = JSON.stringify(
    {
      accountId: accountOf(instance),
      architecture: "x86_64",
      availabilityZone: instance.availabilityZone,
      billingProducts: null,
      devpayProductCodes: null,
      marketplaceProductCodes: null,
      imageId: IMAGE_ID,
      instanceId: instance.instanceId,
      instanceType: INSTANCE_TYPE,
      kernelId: null,
      pendingTime: wholeSeconds(launched),
      privateIp: PRIVATE_IPV4,
      ramdiskId: null,
      region: instance.region,
      version: "2017-09-30",
    },
    null,
    2,
  );
  return {
    document,
    pkcs7: madeUpSignature("pkcs7", document, 960),
    rsa2048: madeUpSignature("rsa2048", document, 1536),
    signature: madeUpSignature("signature", document, 128),
  };
}

/** Base64 in lines of 64 characters, always the same for the same document. */
function madeUpSignature(kind: string, document: string, bytes: number): string {
  const blocks = Array.from({ length: bytes / 64 }, (_, index) =>
    createHash("sha512").update(`${kind} ${index} ${document}`).digest(),
  );
  return Buffer.concat(blocks)
    .toString("base64")
    .replace(/.{64}(?=.)/g, "$&\n");
}
