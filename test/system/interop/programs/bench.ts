// Runs one client against the mock, which listens in this process, and prints what was seen. In a network namespace
// only: see ../namespace.ts. The client's name is the argument.

import { createMockImds, type MockImds, type MockRequest } from "../../../../src/testing/index.js";
import { S3Endpoint } from "../../../support/s3-endpoint.js";
import { CLIENTS } from "../clients.js";
import { type InteropClient, ROLE } from "../interop-client.js";
import { EC2_ADDRESS, insistOnNamespace } from "../namespace.js";
import { converse, repeatCommand, type Session } from "../session.js";
import { TlsFront } from "../tls-front.js";
import type { Outcome, ReceivedCredentials } from "./conversation.js";

/** One question to the client: what came of it, and what the mock was asked for it. */
export interface Round {
  readonly outcome: Outcome;
  /** What the mock served at that time. */
  readonly served: ReceivedCredentials;
  readonly trace: readonly string[];
}

export interface Observation {
  readonly first: Round;
  readonly rotated: Round;
  readonly refused: Round;
}

function traceLine({ method, path, headers, status }: MockRequest): string {
  const ttl = headers["x-aws-ec2-metadata-token-ttl-seconds"];
  const token = headers["x-aws-ec2-metadata-token"];
  const how = ttl === undefined ? `${token ? "with" : "without"} a token` : `for ${ttl} s`;
  return `${method} ${path} ${how}: ${status}`;
}

async function askOnce(session: Session, imds: MockImds, s3: S3Endpoint): Promise<Round> {
  const served = imds.credentials;
  if (!served) throw new Error("no role is attached");
  s3.accept(served);
  const before = imds.requests.length;
  const outcome = await session.ask();
  return {
    outcome,
    served,
    trace: imds.requests.slice(before).map(traceLine),
  };
}

async function withClient<T>(
  client: InteropClient,
  work: (imds: MockImds, ask: () => Promise<Round>) => Promise<T>,
): Promise<T> {
  const imds = createMockImds({ roleName: ROLE, region: "eu-central-1" });
  const address = client.finds === "by setting" ? {} : { host: EC2_ADDRESS, port: 80 };
  const listener = await imds.listen(address);
  const s3 = new S3Endpoint();
  const s3Url = await s3.listen();
  const tls = client.needsTls ? new TlsFront(s3Url) : undefined;
  const services = { imds: listener.endpoint, s3: s3Url, s3WithTls: (await tls?.listen()) ?? "" };
  const session =
    client.kind === "conversation" ? converse(client, services) : repeatCommand(client, services, s3);
  try {
    return await work(imds, () => askOnce(session, imds, s3));
  } finally {
    session.end();
    tls?.close();
    await s3.close();
    await listener.close();
  }
}

async function observe(client: InteropClient): Promise<Observation> {
  const seen = await withClient(client, async (imds, ask) => {
    const first = await ask();
    imds.rotate();
    return { first, rotated: await ask() };
  });
  const refused = await withClient(client, async (imds, ask) => {
    imds.fail({ on: "token", status: 403, times: Infinity });
    return ask();
  });
  return { ...seen, refused };
}

insistOnNamespace();
const name = process.argv[2];
const client = CLIENTS.find((one) => one.name === name);
if (!client) throw new Error(`there is no client ${name}`);
process.stdout.write(JSON.stringify(await observe(client)));
