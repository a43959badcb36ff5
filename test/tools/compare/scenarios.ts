import { S3Client } from "@aws-sdk/client-s3";
import type { AwsCredentialIdentity } from "@smithy/types";
import type { MockImds } from "../../../src/testing/index.js";
import type { Contender } from "./contenders.js";

/** One line of the comparison. */
export interface Scenario {
  readonly title: string;
  /** Runs against a fresh mock that is the process's metadata service; gives what the table shows. */
  readonly run: (contender: Contender, imds: MockImds) => Promise<string>;
}

const CLIENTS = 10;
/** Milliseconds for one attempt: long enough to tell a call that waits from one that does not, also on a busy machine. */
const TIMEOUT = 2000;
/** A call that takes so many times `TIMEOUT` counts as one that does not end. */
const PATIENCE = 3;
const TOKEN_HEADER = "x-aws-ec2-metadata-token";

const requests = (count: number): string => `${count} ${count === 1 ? "request" : "requests"}`;

/** How a call ended: with credentials, or with the error that it was rejected with. */
type Outcome = AwsCredentialIdentity | Error;

const outcomeOf = (call: Promise<AwsCredentialIdentity>): Promise<Outcome> =>
  call.catch((error: Error) => error);

const endsWithin = async (milliseconds: number, call: Promise<unknown>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const ended = await Promise.race([call.then(() => true), late]);
  clearTimeout(timer);
  return ended;
};

/** Credentials that expire in so many seconds, served until others are. */
function serveExpiringIn(imds: MockImds, seconds: number): void {
  imds.rotate({ ...imds.rotate(), expiration: new Date(Date.now() + 1000 * seconds) });
}

/** As many clients as a service has, each with a provider of its own. */
function clientsOf(contender: Contender): S3Client[] {
  return Array.from(
    { length: CLIENTS },
    () => new S3Client({ region: "us-east-1", credentials: contender.provider() }),
  );
}

export const SCENARIOS: readonly Scenario[] = [
  {
    title: "first fetch",
    run: async (contender, imds) => {
      await contender.provider()();
      return requests(imds.requests.length);
    },
  },
  {
    title: "a later refresh",
    run: async (contender, imds) => {
      const provider = contender.provider();
      await provider();
      const before = imds.requests.length;
      await provider({ forceRefresh: true });
      return requests(imds.requests.length - before);
    },
  },
  {
    title: `first fetch of ${CLIENTS} S3 clients`,
    run: async (contender, imds) => {
      await Promise.all(clientsOf(contender).map((client) => client.config.credentials()));
      return requests(imds.requests.length);
    },
  },
  {
    title: "an S3 client's call for credentials that have 4 minutes left, while the service is silent",
    run: async (contender, imds) => {
      serveExpiringIn(imds, 240);
      const client = new S3Client({
        region: "us-east-1",
        credentials: contender.provider({ timeout: TIMEOUT }),
      });
      await client.config.credentials();
      imds.fail({ on: "credentials", mode: "hang", times: 1 });
      const called = performance.now();
      await client.config.credentials();
      return performance.now() - called < TIMEOUT / 2 ? "returns at once" : "waits for the service";
    },
  },
  {
    title: "expiration that is reported after the credentials have expired, while metadata is down",
    run: async (contender, imds) => {
      const provider = contender.provider({ maxRetries: 0 });
      serveExpiringIn(imds, -60);
      await provider();
      imds.disable();
      const outcome = await outcomeOf(provider({ forceRefresh: true }));
      if (outcome instanceof Error) return "the call fails";
      const minutesAhead = (Number(outcome.expiration) - Date.now()) / 60_000;
      if (minutesAhead < 0) return "the real one";
      return minutesAhead > 4.9 && minutesAhead <= 10 ? "5 to 10 minutes ahead" : "another one";
    },
  },
  {
    title: "one connection is reset, with default settings",
    run: async (contender, imds) => {
      imds.fail({ on: "credentials", mode: "reset", times: 1 });
      const outcome = await outcomeOf(contender.provider()());
      return outcome instanceof Error ? "the call fails" : "retried, succeeds";
    },
  },
  {
    title: "a response without end, a byte now and then",
    run: async (contender, imds) => {
      imds.fail({ on: "credentials", mode: "drip", times: Number.POSITIVE_INFINITY });
      const call = outcomeOf(contender.provider({ timeout: TIMEOUT, maxRetries: 0 })());
      const ended = await endsWithin(PATIENCE * TIMEOUT, call);
      return ended ? "ends with an error" : `has not ended after ${PATIENCE} times \`timeout\``;
    },
  },
  {
    title: "the session token is refused with 403, with default settings",
    run: async (contender, imds) => {
      imds.fail({ on: "token", status: 403, times: Number.POSITIVE_INFINITY });
      await outcomeOf(contender.provider()());
      const unprotected = imds.requests.filter(
        ({ step, headers }) => step !== "token" && !headers[TOKEN_HEADER],
      );
      return unprotected.length > 0 ? "falls back to IMDSv1" : "fails, no IMDSv1";
    },
  },
  {
    title: "error if no role is attached",
    run: async (contender, imds) => {
      imds.detachRole();
      const outcome = await outcomeOf(contender.provider()());
      const code = outcome instanceof Error && "code" in outcome ? outcome.code : undefined;
      return code === undefined ? "no code" : `code \`${code}\``;
    },
  },
];
