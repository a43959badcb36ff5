import { once } from "node:events";
import { MessageChannel, parentPort, workerData } from "node:worker_threads";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

/** A credential provider that asks the main thread. */
async function credentials() {
  const { port1, port2 } = new MessageChannel();
  parentPort.postMessage({ port: port2 }, [port2]);
  const [{ identity, error }] = await once(port1, "message");
  port1.close();
  if (error) throw Object.assign(new Error(error.message), error);
  return identity;
}

const { region, bucket, key } = workerData;
const s3 = new S3Client({ region, credentials });

await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "all is well" }));
console.log(`${key} is written`);
s3.destroy();
