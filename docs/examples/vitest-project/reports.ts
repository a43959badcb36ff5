import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { fromInstanceRole } from "ec2-role-credentials";

const s3 = new S3Client({ region: "eu-central-1", credentials: fromInstanceRole() });

export async function readReport(name: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "reports", Key: name }));
  return (await Body?.transformToString()) ?? "";
}
