import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  callAndSettle,
  HOUR,
  MINUTE,
  NO_MAX_AGE,
  outcome,
  refreshSetup,
  SECOND,
} from "../../support/refresh-setup.js";
import { stubRandom, suspend } from "../../support/simulated-time.js";

interface Expected {
  readonly result: "cachedCredentials" | "newCredentials" | "noCredentialsError" | "nonRecoverableError";
  readonly sourceContacted: boolean;
  readonly advisoryWindowSeconds?: number;
}

type Step =
  | { readonly type: "advanceTime"; readonly seconds: number }
  | { readonly type: "invalidate"; readonly rejectedAccessKeyId: string }
  | {
      readonly type: "getCredentials";
      readonly response?: "freshCredentials" | "staleCredentials" | "error" | "nonRecoverableError";
      readonly lifetimeSeconds?: number;
      readonly expected: Expected;
    };

interface Vector {
  readonly documentation: string;
  readonly given: {
    readonly cachedCredentials: "none" | "valid" | "advisory" | "mandatory" | "expired";
    readonly accessKeyId?: string;
    readonly configuredAdvisoryWindowSeconds?: number;
  };
  readonly steps: readonly Step[];
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL("./credential-refresh-vectors.json", import.meta.url), "utf8"),
);

/** What is different on purpose, by scenario and number of the call in it. Anything else fails. */
const SERVES_VALID = "valid credentials are returned when the role is gone, until they expire";
const SHORTER_BACKOFF = "the backoff is a share of the time left, and at most a minute after expiration";
const IN_BACKGROUND = "an advisory refresh runs in the background: its credentials come with the next call";
const NO_WAIT =
  "after a failed refresh in the mandatory state calls do not wait; the next one gets the new credentials";
const DIFFERENCES: Readonly<
  Record<string, { readonly reason: string; readonly expected: Partial<Expected> }>
> = {
  "2.1": { reason: IN_BACKGROUND, expected: { result: "cachedCredentials" } },
  "14.2": { reason: IN_BACKGROUND, expected: { result: "cachedCredentials" } },
  "16.1": { reason: SERVES_VALID, expected: { result: "cachedCredentials" } },
  "16.2": { reason: SERVES_VALID, expected: { result: "cachedCredentials", sourceContacted: false } },
  "17.1": { reason: SERVES_VALID, expected: { result: "cachedCredentials" } },
  "17.2": { reason: NO_WAIT, expected: { result: "cachedCredentials" } },
  "18.1": { reason: SERVES_VALID, expected: { result: "cachedCredentials" } },
  "18.2": { reason: SERVES_VALID, expected: { result: "cachedCredentials" } },
  "21.2": { reason: SHORTER_BACKOFF, expected: { result: "cachedCredentials", sourceContacted: true } },
  "23.2": { reason: SHORTER_BACKOFF, expected: { result: "cachedCredentials", sourceContacted: true } },
};

/** How much of six hours is left in each state. */
const TIME_LEFT = {
  valid: 5.5 * HOUR,
  advisory: 30 * MINUTE,
  mandatory: 30 * SECOND,
  expired: -MINUTE,
} as const;

const { imds, provider: newProvider, serve } = refreshSetup();

async function given({ cachedCredentials, accessKeyId, configuredAdvisoryWindowSeconds }: Vector["given"]) {
  const provider = newProvider({
    ...NO_MAX_AGE,
    maxRetries: 0,
    advisoryWindowSeconds: configuredAdvisoryWindowSeconds,
  });
  // The windows as they are, without jitter.
  stubRandom(0);
  if (cachedCredentials === "none") return provider;
  serve(accessKeyId ?? "CACHED", 6 * HOUR);
  await callAndSettle(provider);
  suspend(6 * HOUR - TIME_LEFT[cachedCredentials]);
  return provider;
}

function respondWith(response: string | undefined, lifetimeSeconds: number, id: string): void {
  imds.recover();
  imds.attachRole("mock-role");
  if (response === "freshCredentials") serve(id, lifetimeSeconds * SECOND);
  else if (response === "staleCredentials") serve(id, -SECOND);
  else if (response === "error") imds.fail({ status: 500, times: Number.POSITIVE_INFINITY });
  else if (response === "nonRecoverableError") imds.detachRole();
  // None is given where the source must not be contacted: new credentials would show that it was.
  else serve(id, 6 * HOUR);
}

describe("the refresh behavior that the AWS SDKs share, scenario by scenario", () => {
  it.each(vectors.map((vector, index) => [index + 1, vector.documentation, vector] as const))(
    "%d: %s",
    async (number, _, vector) => {
      const provider = await given(vector.given);
      let cached = vector.given.cachedCredentials === "none" ? "" : (vector.given.accessKeyId ?? "CACHED");
      let calls = 0;
      let response: string | undefined;
      for (const step of vector.steps) {
        // By the wall clock alone: refreshes start on calls only, as the scenarios have it.
        if (step.type === "advanceTime") suspend(step.seconds * SECOND);
        if (step.type === "invalidate") provider.invalidate(step.rejectedAccessKeyId);
        if (step.type !== "getCredentials") continue;
        calls++;
        const id = `NEW-${calls}`;
        response = step.response ?? response;
        respondWith(response, step.lifetimeSeconds ?? 6 * 3600, id);
        const requests = imds.requests.length;
        const made = await callAndSettle(provider);
        const expected = { ...step.expected, ...DIFFERENCES[`${number}.${calls}`]?.expected };
        expect(imds.requests.length > requests).toBe(expected.sourceContacted);
        if (expected.result === "newCredentials") cached = id;
        if (expected.result === "noCredentialsError") expect(outcome(made)).toBe("SERVER_ERROR");
        else if (expected.result === "nonRecoverableError") expect(outcome(made)).toBe("NO_ROLE_ATTACHED");
        else expect(outcome(made)).toBe(cached);
        // The credentials of a refresh in the background come with the next call.
        if ([IN_BACKGROUND, NO_WAIT].includes(DIFFERENCES[`${number}.${calls}`]?.reason ?? ""))
          cached = outcome(await callAndSettle(provider));
        if (expected.advisoryWindowSeconds === undefined) continue;
        const { expiration, nextRefresh } = provider.status();
        expect(Number(expiration) - Number(nextRefresh)).toBe(expected.advisoryWindowSeconds * SECOND);
      }
    },
  );

  it("each difference is one", () => {
    for (const [key, { reason, expected }] of Object.entries(DIFFERENCES)) {
      const [number, call] = key.split(".").map(Number);
      const steps = vectors[(number ?? 0) - 1]?.steps.filter(({ type }) => type === "getCredentials");
      const step = steps?.[(call ?? 0) - 1];
      expect(step, `${key}: ${reason}`).not.toMatchObject({ expected });
    }
  });
});
