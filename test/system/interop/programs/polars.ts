import { outsidePackage } from "./outside-package.js";

const [imds, s3] = process.argv.slice(3);
const polars = outsidePackage("nodejs-polars");

const options = {
  aws_endpoint: s3,
  aws_metadata_endpoint: imds,
  aws_allow_http: "true",
  aws_region: "eu-central-1",
  aws_virtual_hosted_style_request: "false",
  max_retries: "0",
};
await polars.scanParquet("s3://bucket/table.parquet", { cloudOptions: options, retries: 0 }).collect();
