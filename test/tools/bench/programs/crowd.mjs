// Many at once: callers of one provider, or clients with a provider each, or one caller through many rotations.

import { S3Client } from "@aws-sdk/client-s3";
import { fromInstanceRole } from "ec2-role-credentials";

const [kind, amount] = process.argv.slice(2);
const many = (make) => Array.from({ length: Number(amount) }, make);

const KINDS = {
  callers() {
    const provider = fromInstanceRole();
    return () => Promise.allSettled(many(() => provider()));
  },
  clients() {
    const clients = many(() => new S3Client({ region: "us-east-1", credentials: fromInstanceRole() }));
    return () => Promise.allSettled(clients.map(({ config }) => config.credentials()));
  },
  rotations() {
    const provider = fromInstanceRole();
    return async () => {
      const results = [];
      for (const _ of many(() => 0)) {
        results.push(...(await Promise.allSettled([provider({ forceRefresh: true })])));
      }
      return results;
    };
  },
};

const act = KINDS[kind]();
const results = await act();
const failed = results.filter(({ status }) => status === "rejected").length;
console.log(JSON.stringify({ ended: results.length, failed }));
process.exit();
