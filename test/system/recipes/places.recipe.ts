import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { runProgram } from "../../support/programs.js";
import { recipeProject } from "./recipe-project.js";
import { startServices } from "./services.js";

const PAGE = readFileSync(
  resolve(import.meta.dirname, "../../../docs/where-does-the-provider-go.md"),
  "utf8",
);

/** The lines of code in the page's table, by the package of their row. */
const LINES = new Map(
  [...PAGE.matchAll(/^\| (.*?) \| `(.*)` \|$/gm)].map(([, packageName = "", line = ""]) => [
    /@?[\w/-]+-[\w/-]+|@\w+\/[\w-]+/.exec(packageName)?.[0] ?? "",
    line,
  ]),
);

interface Use {
  readonly imports: string;
  /** What is done with the line's value, so that it sends a request. */
  readonly use: string;
}

const USES: Readonly<Record<string, Use>> = {
  "connect-dynamodb": {
    imports: `import session from "express-session";
      import connectDynamodb from "connect-dynamodb";
      import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
      const DynamoDBStore = connectDynamodb(session);`,
    use: 'value.get("sid", () => {});',
  },
  "multer-s3": {
    imports: `import { Readable } from "node:stream";
      import multerS3 from "multer-s3";
      import { S3Client as Client } from "@aws-sdk/client-s3";
      const S3Client = class extends Client { constructor(c) { super({ ...c, forcePathStyle: true }); } };`,
    use: 'value._handleFile({}, { stream: Readable.from([Buffer.from("all is well")]) }, () => {});',
  },
  "winston-cloudwatch": {
    imports: 'import WinstonCloudWatch from "winston-cloudwatch";',
    use: 'value.log({ level: "info", message: "all is well" }, () => {}); value.kthxbye(() => {});',
  },
  "sqs-consumer": {
    imports: `import { SQSClient } from "@aws-sdk/client-sqs";
      import { Consumer } from "sqs-consumer";
      const queueUrl = process.env.AWS_ENDPOINT_URL + "/1/queue";
      const handleMessage = async () => {};`,
    use: 'value.on("error", () => {}); value.on("empty", () => value.stop()); value.start();',
  },
  "@tus/s3-store": {
    imports: `import { S3Store as Store } from "@tus/s3-store";
      const S3Store = class extends Store {
        constructor({ s3ClientConfig }) { super({ s3ClientConfig: { ...s3ClientConfig, forcePathStyle: true } }); }
      };`,
    use: 'value.create({ id: "today", size: 11, offset: 0, metadata: {} });',
  },
  "@aws-lambda-powertools/parameters": {
    imports: 'import { SSMProvider } from "@aws-lambda-powertools/parameters/ssm";',
    use: 'value.get("/app/key");',
  },
  "@middy/ssm": {
    imports: 'import ssm from "@middy/ssm"; import middy from "@middy/core";',
    use: "middy(async () => {}).use(value)({}, {});",
  },
};

let project: string;

beforeAll(async () => {
  project = await recipeProject();
});

test("every package of the page is tried", () => {
  expect([...LINES.keys()].filter((name) => name !== "")).toEqual(Object.keys(USES));
});

test.for(Object.keys(USES))("%s signs with the provider's credentials", async (name) => {
  const { imports, use } = USES[name] as Use;
  const { env, s3, signed } = await startServices();
  const source = `${imports}
    import { fromInstanceRole } from "ec2-role-credentials";
    const region = "eu-central-1";
    const credentials = fromInstanceRole();
    const value = ${LINES.get(name)};
    process.on("unhandledRejection", () => {});
    process.on("uncaughtException", () => {});
    ${use}
    setTimeout(() => process.exit(0), 4000).unref();`;

  await runProgram(project, "mjs", source, { env });

  const calls = [...signed.calls, ...s3.calls.map(({ status }) => ({ isSigned: status === 200 }))];
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.filter(({ isSigned }) => !isSigned)).toEqual([]);
});
