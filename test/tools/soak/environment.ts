import { createMockImds, type MockFault } from "../../../src/testing/index.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";

/**
 * The other side of a soak, in a process of its own so that its memory is not counted: the mocked metadata
 * service, which rotates its sets and fails now and then, and the S3 endpoint, which learns each set.
 */

export const ROTATE_EVERY_MS = 2000;
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
  { body: "<html>not what you want</html>", on: "credentials" },
];

/** What the world tells the soak. */
export type WorldMessage =
  | { readonly type: "ready"; readonly imds: string; readonly s3: string }
  | { readonly type: "rotation"; readonly at: number; readonly expiration: number }
  | { readonly type: "fault"; readonly at: number }
  | { readonly type: "sum"; readonly requests: number; readonly faults: number; readonly refused: number };

const tell = (message: WorldMessage): void => void process.send?.(message);

async function main(): Promise<void> {
  const imds = createMockImds({ credentialsTtlSeconds: TTL_SECONDS });
  const s3 = new S3Endpoint();
  const [listener, s3Url] = await Promise.all([imds.listen(), s3.listen()]);
  let requestsSeen = 0;
  let faultsDue = 0;
  let faults = 0;
  const rotate = () => {
    const set = imds.rotate();
    s3.accept(set);
    // As many faults as 5 % of the requests so far.
    requestsSeen = imds.requests.length;
    faultsDue = Math.floor(requestsSeen * FAULT_SHARE) + (Math.random() < FAULT_SHARE ? 1 : 0);
    if (faults < faultsDue) {
      const fault = FAULTS[Math.floor(Math.random() * FAULTS.length)];
      if (fault) imds.fail({ ...fault, times: 1 });
      faults++;
      tell({ type: "fault", at: Date.now() });
    }
    tell({ type: "rotation", at: Date.now(), expiration: set.expiration?.getTime() ?? 0 });
  };
  rotate();
  const timer = setInterval(rotate, ROTATE_EVERY_MS);
  tell({ type: "ready", imds: listener.endpoint, s3: s3Url });
  process.once("message", async () => {
    clearInterval(timer);
    const refused = s3.calls.filter(({ status }) => status >= 400).length;
    tell({ type: "sum", requests: imds.requests.length, faults, refused });
    await Promise.all([listener.close(), s3.close()]);
    process.disconnect();
  });
}

if (process.send) await main();
