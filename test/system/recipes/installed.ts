import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { installOutside } from "../../support/installed-outside.js";

/** What the recipes import, besides what this repository has. */
const PACKAGES = [
  "@ai-sdk/amazon-bedrock@4",
  "@anthropic-ai/bedrock-sdk@1",
  "@aws-lambda-powertools/parameters@2",
  "@aws-sdk/client-cloudwatch-logs@3",
  "@aws-sdk/client-dynamodb@3",
  "@aws-sdk/client-s3@3",
  "@aws-sdk/client-sqs@3",
  "@aws-sdk/client-ssm@3",
  "@aws-sdk/credential-providers@3",
  "@aws-sdk/dsql-signer@3",
  "@aws-sdk/rds-signer@3",
  "@aws-sdk/s3-presigned-post@3",
  "@middy/core@6",
  "@middy/ssm@6",
  "@opensearch-project/opensearch@3",
  "@tus/s3-store@2",
  "@types/aws4@1",
  "ai@6",
  "aws-msk-iam-sasl-signer-js@1",
  "aws-sdk@2",
  "aws4@1",
  "client-s3-3.300.0@npm:@aws-sdk/client-s3@3.300.0",
  "connect-dynamodb@3",
  "express-session@1",
  "kafkajs@2",
  "minio@8",
  "mongodb@7",
  "multer-s3@3",
  "sqs-consumer@14",
  "winston@3",
  "winston-cloudwatch@6",
] as const;

declare module "vitest" {
  export interface ProvidedContext {
    /** The `node_modules` with the packages that recipes import. */
    recipePackages: string;
  }
}

/** Installs what is not there yet. */
export default function setup({ provide }: TestProject): void {
  provide("recipePackages", join(installOutside("recipes", PACKAGES), "node_modules"));
}
