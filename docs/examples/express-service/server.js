import { GetObjectCommand, NoSuchKey, S3Client } from "@aws-sdk/client-s3";
import { expiredTokenPlugin, fromInstanceRole, instanceRegion } from "ec2-role-credentials";
import express from "express";

const { BUCKET = "reports", PORT = "8080" } = process.env;

// One provider for the life of the process: it keeps and refreshes the role's credentials.
const credentials = fromInstanceRole({ logger: console });
const s3 = new S3Client({ region: instanceRegion(), credentials });
s3.middlewareStack.use(expiredTokenPlugin(credentials));

const app = express();

// Healthy as long as there are credentials that have not expired. It costs no request and tells no secret.
// For alarms and readiness, not to restart the process: while metadata is down, a new one has no credentials at all.
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

// Ask once before the first request comes. Where it fails, /health says so, and the next request asks again.
await credentials().catch((error) => console.error(error.message));

const server = app.listen(Number(PORT), (error) => {
  if (error) throw error;
  console.log(`listening on port ${server.address().port}`);
});
process.once("SIGTERM", () => {
  // Requests that are under way still need S3 and credentials: those end last.
  server.close(() => {
    credentials.close();
    s3.destroy();
    console.log("closed");
  });
  server.closeIdleConnections();
});
