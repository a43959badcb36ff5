// Lists your buckets: with the instance's role on EC2, and with the SDK's default chain on a laptop.

import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { createCredentialChain, fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { fromInstanceRole, instanceRegion } from "ec2-role-credentials";

// The role comes first, so that keys left in a file on an instance are not used by mistake. Off EC2 it takes about two
// seconds until the chain moves on; AWS_EC2_METADATA_DISABLED=true saves them.
const s3 = new S3Client({
  region: process.env.AWS_REGION ?? instanceRegion(),
  credentials: createCredentialChain(fromInstanceRole(), fromNodeProviderChain()),
});

const { Buckets = [] } = await s3.send(new ListBucketsCommand());
for (const { Name } of Buckets) console.log(Name);
console.log(`${Buckets.length} buckets`);
s3.destroy();
