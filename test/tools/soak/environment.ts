import { createMockImds, type MockFault } from "../../../src/testing/index.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";

/**
 * The services of a soak, in a process of their own so that their memory is not counted: the mocked metadata
 * service, which rotates its credentials and fails now and then, and the S3 endpoint, which accepts all of them.
 */

export const ROTATE_EVERY_MS = 500;
export const TTL_SECONDS = 12;
const FAULT_SHARE = 0.05;

const FAULTS: readonly MockFault[] = [
  { status: 500 },
  { status: 503 },
  { status: 429 },
  { mode: "reset" },
  { mode: "truncate" },
  { mode: "hang" },
  { mode: "drip" },
  { body: "" },
  { body: "<html>not credentials</html>", on: "credentials" },
];

export interface SoakTotals {
  readonly rotations: number;
  readonly requests: number;
  readonly faults: number;
  readonly refused: number;
}

export type EnvironmentMessage =
  | { readonly type: "ready"; readonly imds: string; readonly s3: string }
  | ({ readonly type: "totals" } & SoakTotals);

const send = (message: EnvironmentMessage): void => void process.send?.(message);

async function main(): Promise<void> {
  const imds = createMockImds({ credentialsTtlSeconds: TTL_SECONDS });
  const s3 = new S3Endpoint();
  const [listener, s3Url] = await Promise.all([imds.listen(), s3.listen()]);
  let rotations = 0;
  let faults = 0;
  const rotate = () => {
    s3.accept(imds.rotate());
    rotations++;
    if (faults >= imds.requests.length * FAULT_SHARE) return;
    const fault = FAULTS[faults++ % FAULTS.length];
    if (fault) imds.fail({ ...fault, times: 1 });
  };
  rotate();
  const timer = setInterval(rotate, ROTATE_EVERY_MS);
  send({ type: "ready", imds: listener.endpoint, s3: s3Url });
  process.once("message", async () => {
    clearInterval(timer);
    const refused = s3.calls.filter(({ status }) => status >= 400).length;
    send({ type: "totals", rotations, requests: imds.requests.length, faults, refused });
    await Promise.all([listener.close(), s3.close()]);
    process.disconnect();
  });
}

if (process.send) await main();
