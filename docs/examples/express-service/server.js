import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expiredTokenPlugin, fromInstanceRole, instanceRegion } from "ec2-role-credentials";
import express from "express";

const { BUCKET = "reports", PORT = "8080" } = process.env;

// One provider for the life of the process: it caches and refreshes the role's credentials.
const credentials = fromInstanceRole({ logger: console });
const s3 = new S3Client({ region: process.env.AWS_REGION ?? instanceRegion(), credentials });
// If AWS rejects the credentials of a request: refresh them, sign again, retry once.
s3.middlewareStack.use(expiredTokenPlugin(credentials));

const app = express();

// Healthy while there are credentials that have not expired. It sends no request and shows no secret.
// Use it for alarms and readiness checks, not to restart the process:
// while metadata is down, a new process has no credentials at all.
app.get("/health", (_request, response) => {
  const { roleName, expiration, stale, lastError } = credentials.status();
  const healthy = expiration !== undefined && !stale;
  response.status(healthy ? 200 : 503).json({ healthy, roleName, expiration, error: lastError?.code });
});

app.get("/reports/:name", async ({ params }, response) => {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: params.name }));
    response.type("text/plain").send(await Body.transformToString());
  } catch (error) {
    if (!(error instanceof NoSuchKey)) throw error;
    response.sendStatus(404);
  }
});

app.put("/reports/:name", express.text({ limit: "10mb" }), async ({ params, body }, response) => {
  await s3.send(
    new PutObjectCommand({ Bucket: BUCKET, Key: params.name, Body: body ?? "", ContentType: "text/plain" }),
  );
  response.sendStatus(201);
});

// Fetch once before the first request comes. If it fails, /health shows why, and the next request tries again.
await credentials().catch((error) => console.error(error.message));

const server = app.listen(Number(PORT), (error) => {
  if (error) throw error;
  console.log(`listening on port ${server.address().port}`);
});
process.once("SIGTERM", () => {
  // Requests in progress still need S3 and credentials, so those are closed last.
  server.close(() => {
    credentials.close();
    s3.destroy();
    console.log("closed");
  });
  server.closeIdleConnections();
});
