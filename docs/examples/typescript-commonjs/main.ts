import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { fromInstanceRole, InstanceMetadataError, instanceRegion } from "ec2-role-credentials";

const { BUCKET = "reports" } = process.env;

async function main(): Promise<void> {
  const region = process.env.AWS_REGION ?? instanceRegion();
  const s3 = new S3Client({ region, credentials: fromInstanceRole() });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  console.log(`${BUCKET} has ${Contents.length} objects`);
  for (const { Key, Size } of Contents) console.log(`${Key}, ${Size} bytes`);
  s3.destroy();
}

main().catch((error: unknown) => {
  // The message is one line: what is wrong, and how to fix it.
  console.error(error instanceof InstanceMetadataError ? error.message : error);
  process.exitCode = 1;
});
