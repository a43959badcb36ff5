import { outsidePackage } from "./outside-package.js";

const [s3] = process.argv.slice(3);
const lancedb = outsidePackage("@lancedb/lancedb");

const storageOptions = {
  aws_endpoint: s3,
  allow_http: "true",
  aws_region: "eu-central-1",
  aws_virtual_hosted_style_request: "false",
  client_max_retries: "0",
};
const database = await lancedb.connect("s3://bucket/database", { storageOptions });
await database.tableNames();
