// The least that it takes: three requests on one kept connection.

import { Agent, request } from "node:http";

const LIST = "/latest/meta-data/iam/security-credentials/";

export async function plainLoad() {
  const endpoint = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
  const agent = new Agent({ keepAlive: true });
  const ask = (method, path, headers) =>
    new Promise((resolve, reject) => {
      request(endpoint + path, { method, headers, agent }, (message) => {
        let body = "";
        message.setEncoding("utf8");
        message.on("data", (chunk) => {
          body += chunk;
        });
        message.on("end", () => resolve(body));
      })
        .on("error", reject)
        .end();
    });
  const token = await ask("PUT", "/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": "21600" });
  const headers = { "x-aws-ec2-metadata-token": token };
  const role = await ask("GET", LIST, headers);
  const document = JSON.parse(await ask("GET", LIST + role.trim(), headers));
  agent.destroy();
  return document;
}
