import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type {
  InstanceMetadataError,
  InstanceRoleOptions,
  InstanceRoleProvider,
  RefreshEvent,
} from "../../src/index.js";
import { fromInstanceRole, REFRESH_CHANNEL } from "../../src/index.js";
import type { MockImds } from "../../src/testing/index.js";
import { createMockImds } from "../../src/testing/index.js";
import { endSimulatedTime, settle, startSimulatedTime, stubRandom } from "./simulated-time.js";

export const SECOND = 1000;
export const MINUTE: number = 60 * SECOND;
export const HOUR: number = 60 * MINUTE;

/** The highest number that `Math.random` can give. */
export const ALMOST_ONE: number = 1 - 2 ** -53;

/** A maximum age that plays no part in a test. */
export const NO_MAX_AGE: { readonly maxAgeSeconds: number } = { maxAgeSeconds: 20 * 24 * 3600 };

/** How a call stands: whether it waits, or what it was given. */
export interface Call {
  state: "waiting" | "served" | "refused";
  identity?: AwsCredentialIdentity;
  error?: InstanceMetadataError;
}

/** A provider, the mocked IMDS that it reads, and simulated time. Hooks of the calling file's suite set it up. */
export interface RefreshSetup {
  readonly imds: MockImds;
  /** Every refresh since the test started. */
  readonly events: readonly RefreshEvent[];
  /** A provider of its own cache, unless `shared` is given; closed after the test. */
  provider(options?: InstanceRoleOptions): InstanceRoleProvider;
  /** From now on IMDS serves credentials with this id that live so long. */
  serve(accessKeyId: string, lifetimeMs: number): void;
}

export const START: Date = new Date("2030-01-01T00:00:00Z");

export function refreshSetup(): RefreshSetup {
  const imds = createMockImds();
  const server = setupServer(...imds.handlers);
  const events: RefreshEvent[] = [];
  const record = (event: unknown) => void events.push(event as RefreshEvent);
  const providers: InstanceRoleProvider[] = [];

  beforeAll(async () => {
    server.listen({ onUnhandledRequest: "error" });
    // Modules that are loaded on first use come over a wire of the test runner's: not part of any test's time.
    await fromInstanceRole({ shared: false })();
  });
  beforeEach(() => {
    startSimulatedTime(START);
    stubRandom(0.5);
    imds.reset();
    events.length = 0;
    subscribe(REFRESH_CHANNEL, record);
  });
  afterEach(() => {
    unsubscribe(REFRESH_CHANNEL, record);
    for (const provider of providers.splice(0)) provider.close();
    endSimulatedTime();
  });
  afterAll(() => server.close());

  return {
    imds,
    events,
    provider(options = {}) {
      const provider = fromInstanceRole({ shared: false, ...options });
      providers.push(provider);
      return provider;
    },
    serve(accessKeyId, lifetimeMs) {
      imds.rotate({
        accessKeyId,
        secretAccessKey: `secret of ${accessKeyId}`.replaceAll(" ", "-"),
        sessionToken: `token-of-${accessKeyId}`,
        expiration: new Date(Date.now() + lifetimeMs),
      });
    },
  };
}

/** Calls, without waiting for the answer: it may need simulated time to pass. */
export function call(provider: InstanceRoleProvider, props?: { forceRefresh: boolean }): Call {
  const made: Call = { state: "waiting" };
  provider(props).then(
    (identity) => Object.assign(made, { state: "served", identity }),
    (error) => Object.assign(made, { state: "refused", error }),
  );
  return made;
}

/** Calls, and gives everything that needs no time the chance to happen. */
export async function callAndSettle(
  provider: InstanceRoleProvider,
  props?: { forceRefresh: boolean },
): Promise<Call> {
  const made = call(provider, props);
  await settle();
  return made;
}

/** What a call was given, in one word: a key's id, an error's code, or that it waits. */
export const outcome = ({ state, identity, error }: Call): string =>
  identity?.accessKeyId ?? error?.code ?? state;
