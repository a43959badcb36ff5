// Many at once: callers of one provider, or clients with a provider each, or one caller through many rotations.

import { S3Client } from "@aws-sdk/client-s3";
import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { fromInstanceRole } from "ec2-role-credentials";

const [library, kind, amount] = process.argv.slice(2);
const many = (make) => Array.from({ length: Number(amount) }, make);
const create = library === "ours" ? () => fromInstanceRole() : () => fromInstanceMetadata({ logger: {} });

const SCENES = {
  callers() {
    const provider = create();
    return () => Promise.allSettled(many(() => provider()));
  },
  clients() {
    const clients = many(() => new S3Client({ region: "us-east-1", credentials: create() }));
    return () => Promise.allSettled(clients.map(({ config }) => config.credentials()));
  },
  rotations() {
    const provider = create();
    return async () => {
      const results = [];
      for (const _ of many(() => 0)) {
        results.push(...(await Promise.allSettled([provider({ forceRefresh: true })])));
      }
      return results;
    };
  },
};

const act = SCENES[kind]();
const began = performance.now();
const results = await act();
const milliseconds = performance.now() - began;
const failed = results.filter(({ status }) => status === "rejected").length;
console.log(JSON.stringify({ milliseconds, failed }));
process.exit();
