const { GetObjectCommand, S3Client } = require("@aws-sdk/client-s3");
const { fromInstanceRole } = require("ec2-role-credentials");

const s3 = new S3Client({ region: "eu-central-1", credentials: fromInstanceRole() });

async function readReport(name) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "reports", Key: name }));
  return Body.transformToString();
}

module.exports = { readReport };
