import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { start } from "../../support/child-process.js";
import type { InteropClient } from "./interop-client.js";
import { inNamespace, REASON_FOR_NO_NAMESPACE } from "./namespace.js";
import type { Observation, Round } from "./programs/bench.js";
import type { ReceivedCredentials } from "./programs/conversation.js";

const BENCH = fileURLToPath(new URL("./programs/bench.ts", import.meta.url));
const TIMEOUT_MS = 150_000;

async function observe(client: InteropClient): Promise<Observation> {
  const addresses = client.finds === "by setting" ? "loopback" : "loopback and EC2's";
  const bench = [process.execPath, "--import", "tsx", BENCH, client.name];
  const [program = "", ...args] = inNamespace(bench, addresses);
  const child = start(program, args);
  child.goOn();
  const timeout = setTimeout(() => child.kill(), TIMEOUT_MS);
  const { exitCode, stdout, stderr } = await child.ended.finally(() => clearTimeout(timeout));
  if (exitCode !== 0) throw new Error(`the bench ended with ${exitCode}\n${stderr}`);
  return JSON.parse(stdout);
}

/** A client that cannot run is a failure: what is skipped in silence is not tested. */
export function requirePresent(reason: string | undefined): void {
  if (reason !== undefined) throw new Error(reason);
}

function receivedIn({ outcome }: Round): ReceivedCredentials {
  if ("failed" in outcome) throw new Error(`it got no credentials: ${outcome.failed}`);
  return outcome.received;
}

/** The tests of one client, from its row of the table. */
export function describeClient(client: InteropClient): void {
  const reason = REASON_FOR_NO_NAMESPACE ?? client.missing?.();
  let observation: Promise<Observation> | undefined;
  const traceOf = ({ trace }: Round) => (client.repeats ? [...new Set(trace)] : trace);
  const observed = (): Promise<Observation> => {
    requirePresent(reason);
    observation ??= observe(client);
    return observation;
  };

  describe(client.name, { timeout: TIMEOUT_MS + 10_000 }, () => {
    test("gets the role's credentials through a session token", async () => {
      const { first } = await observed();
      expect(traceOf(first)).toEqual(client.first);
      expect(first.served).toMatchObject(receivedIn(first));
    });

    test("gets the new credentials after a rotation", async () => {
      const { first, rotated } = await observed();
      expect(traceOf(rotated)).toEqual(client.rotated);
      expect(rotated.served.accessKeyId).not.toBe(first.served.accessKeyId);
      expect(rotated.served).toMatchObject(receivedIn(rotated));
    });

    test("gets nothing when the token is refused, and no answer without one", async () => {
      const { refused } = await observed();
      expect(traceOf(refused)).toEqual(client.refused);
      expect(refused.outcome).toEqual({ failed: expect.stringMatching(client.failureMessage) });
    });
  });
}
