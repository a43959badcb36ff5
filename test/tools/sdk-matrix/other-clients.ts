import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expiredTokenPlugin, fromInstanceRole } from "../../../src/index.js";
import { createMockImds } from "../../../src/testing/index.js";

/** What has a `send`, a stack, and constructors of commands: any package of a client. */
// biome-ignore lint/suspicious/noExplicitAny: packages that this repository does not depend on
type Package = any;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Of the `Date` header, instead of now. */
  readonly date?: Date;
}

/** A call that is answered with an error when it is signed with the first key. */
interface Case {
  readonly title: string;
  call(packages: (name: string) => Package, config: object, plugin: object): Promise<unknown>;
  readonly error: Answer;
  readonly success: Answer;
  readonly isSentAgain: boolean;
}

const json = (body: object, status = 200): Answer => ({
  status,
  type: "application/x-amz-json-1.1",
  body: JSON.stringify(body),
});
const jsonError = (__type: string): Answer => json({ __type, message: "refused" }, 400);
const xml = (body: string, status = 200): Answer => ({ status, type: "text/xml", body });
const IN_TWELVE_HOURS = new Date(Date.now() + 12 * 3_600_000);

/** One call of an operation, by the names of its classes. */
const operation =
  (client: string, command: string, input: object): Case["call"] =>
  async (packages, config, plugin) => {
    const classes = packages(CLIENTS[client] ?? "");
    const made = new classes[client](config);
    made.middlewareStack.use(plugin);
    return made.send(new classes[command](input));
  };

const CLIENTS: Readonly<Record<string, string>> = {
  EC2Client: "@aws-sdk/client-ec2",
  STSClient: "@aws-sdk/client-sts",
  SFNClient: "@aws-sdk/client-sfn",
  MarketplaceMeteringClient: "@aws-sdk/client-marketplace-metering",
};

const task = { taskToken: "AAAA", output: "{}" };
const EC2_EXPIRED = xml(
  "<Response><Errors><Error><Code>RequestExpired</Code><Message>Request has expired.</Message></Error></Errors></Response>",
  400,
);
const EC2_REGIONS = xml("<DescribeRegionsResponse><regionInfo/></DescribeRegionsResponse>");

/** All packages that the cases need. */
export const PACKAGES: readonly string[] = [
  ...Object.values(CLIENTS),
  "@aws-sdk/client-dynamodb",
  "@aws-sdk/lib-dynamodb",
];

export const CASES: readonly Case[] = [
  {
    title: "EC2: RequestExpired, expired by the Date header",
    call: operation("EC2Client", "DescribeRegionsCommand", {}),
    error: { ...EC2_EXPIRED, date: IN_TWELVE_HOURS },
    success: EC2_REGIONS,
    isSentAgain: true,
  },
  {
    title: "EC2: RequestExpired, valid by both clocks",
    call: operation("EC2Client", "DescribeRegionsCommand", {}),
    error: EC2_EXPIRED,
    success: EC2_REGIONS,
    isSentAgain: false,
  },
  {
    title: "STS: ExpiredToken",
    call: operation("STSClient", "GetCallerIdentityCommand", {}),
    error: xml(
      "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>",
      403,
    ),
    success: xml("<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"),
    isSentAgain: true,
  },
  {
    title: "Step Functions: ExpiredTokenException",
    call: operation("SFNClient", "SendTaskSuccessCommand", task),
    error: jsonError("com.amazon.coral.service#ExpiredTokenException"),
    success: json({}),
    isSentAgain: true,
  },
  {
    title: "Step Functions: InvalidToken of the task",
    call: operation("SFNClient", "SendTaskSuccessCommand", task),
    error: jsonError("com.amazonaws.states#InvalidToken"),
    success: json({}),
    isSentAgain: false,
  },
  {
    title: "Step Functions, as one method: InvalidToken of the task",
    call: async (packages, config, plugin) => {
      const client = new (packages("@aws-sdk/client-sfn").SFN)(config);
      client.middlewareStack.use(plugin);
      return client.sendTaskHeartbeat({ taskToken: "AAAA" });
    },
    error: jsonError("InvalidToken"),
    success: json({}),
    isSentAgain: false,
  },
  {
    title: "Marketplace: ExpiredTokenException of the registration token",
    call: operation("MarketplaceMeteringClient", "ResolveCustomerCommand", { RegistrationToken: "token" }),
    error: jsonError("ExpiredTokenException"),
    success: json({}),
    isSentAgain: false,
  },
  {
    title: "Marketplace: ExpiredTokenException of an operation that takes no token",
    call: operation("MarketplaceMeteringClient", "MeterUsageCommand", {
      ProductCode: "product",
      Timestamp: new Date(),
      UsageDimension: "dimension",
    }),
    error: jsonError("ExpiredTokenException"),
    success: json({}),
    isSentAgain: true,
  },
  {
    title: "DynamoDB's document client: ExpiredTokenException",
    call: async (packages, config, plugin) => {
      const { DynamoDBClient } = packages("@aws-sdk/client-dynamodb");
      const { DynamoDBDocumentClient, GetCommand } = packages("@aws-sdk/lib-dynamodb");
      const client = DynamoDBDocumentClient.from(new DynamoDBClient(config));
      client.middlewareStack.use(plugin);
      return client.send(new GetCommand({ TableName: "table", Key: { id: "1" } }));
    },
    error: jsonError("com.amazon.coral.service#ExpiredTokenException"),
    success: json({ Item: { id: { S: "1" } } }),
    isSentAgain: true,
  },
];

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** @returns what is wrong; undefined if the call did what the case says */
export async function failureOf(
  { call, error, success, isSentAgain }: Case,
  folder: string,
): Promise<string | undefined> {
  const imds = createMockImds();
  const listener = await imds.listen();
  const provider = fromInstanceRole({ endpoint: listener.endpoint, shared: false });
  const { accessKeyId: first } = await provider();
  const { accessKeyId: second } = imds.rotate();
  const keys: string[] = [];
  const server = createServer(async (request, response) => {
    const [, key = ""] = /Credential=([^/]+)/.exec(request.headers.authorization ?? "") ?? [];
    keys.push(key);
    await buffer(request);
    const { status, type, body, date } = key === first ? error : success;
    response.writeHead(status, { "content-type": type, ...(date && { date: date.toUTCString() }) }).end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const config = {
      endpoint,
      region: "eu-central-1",
      credentials: provider,
      maxAttempts: 1,
      logger: SILENT,
    };
    const outcome = await call(
      createRequire(join(folder, "package.json")),
      config,
      expiredTokenPlugin(provider),
    ).then(
      () => "a success",
      (thrown: Error) => thrown.name,
    );
    const expected = isSentAgain ? [first, second] : [first];
    if (keys.join() !== expected.join()) return `sent with ${keys.length} keys, ended in ${outcome}`;
    return isSentAgain === (outcome === "a success") ? undefined : `ended in ${outcome}`;
  } finally {
    provider.close();
    server.closeAllConnections();
    server.close();
    await listener.close();
  }
}
