import { setTimeout as wait } from "node:timers/promises";
import type { InstanceRoleProvider } from "../../../src/index.js";
import { expiredTokenPlugin, fromInstanceRole, refreshAhead } from "../../../src/index.js";
import type { MockImds } from "../../../src/testing/index.js";
import { createMockImds } from "../../../src/testing/index.js";
import type { MakeClient, Sdk } from "./sdk.js";
import type { Services } from "./services.js";
import { startServices } from "./services.js";

/** An instance and the services that it calls. */
interface Setup {
  readonly imds: MockImds;
  readonly services: Services;
  readonly provider: InstanceRoleProvider;
}

/** Runs one check in a setup of its own. */
async function withSetup<T>(ttlSeconds: number, check: (setup: Setup) => Promise<T>): Promise<T> {
  const imds = createMockImds({ credentialsTtlSeconds: ttlSeconds });
  const [listener, services] = await Promise.all([imds.listen(), startServices()]);
  const provider = fromInstanceRole({ endpoint: listener.endpoint, timeout: 10_000, shared: false });
  try {
    return await check({ imds, services, provider });
  } finally {
    provider.close();
    services.close();
    await listener.close();
  }
}

const HOURS = 6 * 3600;
/** Within the five minutes in which clients with a cache of their own ask at every request. */
const MINUTES = 4 * 60;

/** A call is signed with the role's credentials. */
const isCalled = (make: MakeClient) =>
  withSetup(HOURS, async ({ services, provider }) => {
    await make({ endpoint: services.url, credentials: provider }).call();
    return services.keys.join() === (await provider()).accessKeyId;
  });

/** Whether the next call after a rotation is signed with the new credentials. */
const isRotated = (make: MakeClient, ttlSeconds: number) =>
  withSetup(ttlSeconds, async ({ imds, services, provider }) => {
    const client = make({ endpoint: services.url, credentials: provider });
    await client.call();
    const expiration = new Date(Date.now() + (ttlSeconds + 30) * 1000);
    imds.rotate({ accessKeyId: "ASIAROTATED", secretAccessKey: "secret", sessionToken: "token", expiration });
    await provider({ forceRefresh: true });
    await client.call();
    return services.keys.at(-1) === "ASIAROTATED";
  });

type Wrap = (provider: InstanceRoleProvider) => unknown;

/** Rejected twice in a row, each time with other credentials: both calls succeed, with two requests each. */
const isRescued = (make: MakeClient, wrap: Wrap = (provider) => provider) =>
  withSetup(HOURS, async ({ imds, services, provider }) => {
    const client = make({ endpoint: services.url, credentials: wrap(provider) });
    const plugin = expiredTokenPlugin(provider);
    client.middlewareStack.use(plugin);
    // Early versions refuse a middleware's name that is taken.
    client.middlewareStack.use(plugin);
    await client.call();
    const keys = [(await provider()).accessKeyId];
    for (let round = 0; round < 2; round++) {
      services.reject((await provider()).accessKeyId);
      keys.push((await provider()).accessKeyId, imds.rotate().accessKeyId);
      await client.call();
    }
    return services.keys.join() === keys.join();
  });

/** The instance's key is rejected by STS when it assumes a role for a client. */
const isRescuedWithin = (make: MakeClient, fromTemporaryCredentials: Sdk["fromTemporaryCredentials"]) =>
  withSetup(HOURS, async ({ imds, services, provider }) => {
    const old = await provider();
    services.reject(old.accessKeyId);
    const { accessKeyId } = imds.rotate();
    const plugin = expiredTokenPlugin(provider);
    let isUsed = false;
    const applyToStack = (stack: object) => {
      isUsed = true;
      plugin.applyToStack(stack);
    };
    const credentials = fromTemporaryCredentials?.({
      masterCredentials: provider,
      params: { RoleArn: "arn:aws:iam::111122223333:role/role", RoleSessionName: "matrix" },
      clientConfig: { region: "eu-central-1", endpoint: services.url, maxAttempts: 1 },
      clientPlugins: [{ applyToStack }],
    });
    const call = make({ endpoint: services.url, credentials }).call();
    await (isUsed ? call : call.catch(() => {}));
    if (!isUsed) return "no `clientPlugins` yet";
    return services.keys.join() === [old.accessKeyId, accessKeyId, "ASIAASSUMED1"].join();
  });

/** A service rejects the credentials of a role that the instance's role has assumed. */
const isRescuedAhead = (make: MakeClient, fromTemporaryCredentials: Sdk["fromTemporaryCredentials"]) =>
  withSetup(HOURS, async ({ services, provider }) => {
    const assumed = fromTemporaryCredentials?.({
      masterCredentials: provider,
      params: { RoleArn: "arn:aws:iam::111122223333:role/role", RoleSessionName: "matrix" },
      clientConfig: { region: "eu-central-1", endpoint: services.url, maxAttempts: 1 },
    });
    if (assumed === undefined) return false;
    using ahead = refreshAhead(assumed);
    const client = make({ endpoint: services.url, credentials: ahead });
    client.middlewareStack.use(expiredTokenPlugin(ahead));
    await client.call();
    services.reject("ASIAASSUMED1");
    await client.call();
    const { accessKeyId } = await provider();
    const keys = [accessKeyId, "ASIAASSUMED1", "ASIAASSUMED1", accessKeyId, "ASIAASSUMED2"];
    return services.keys.join() === keys.join();
  });

/** The caller's signal ends a call that waits for a refresh. */
const isAborted = (make: MakeClient) =>
  withSetup(HOURS, async ({ imds, services, provider }) => {
    const client = make({ endpoint: services.url, credentials: provider });
    client.middlewareStack.use(expiredTokenPlugin(provider));
    await client.call();
    services.reject((await provider()).accessKeyId);
    imds.fail({ mode: "hang", times: Number.POSITIVE_INFINITY });
    const before = imds.requests.length;
    const abort = new AbortController();
    const call = client.call({ abortSignal: abort.signal }).catch((error: Error) => error.name);
    while (imds.requests.length === before) await wait(5);
    abort.abort();
    // A refresh that hangs takes far longer.
    return (await Promise.race([call, wait(1_000)])) === "AbortError";
  });

/** The columns of the table. */
export interface Outcome {
  readonly call: string;
  readonly rotation: string;
  readonly rescued: string;
  readonly chain: string;
  readonly temporary: string;
  readonly ahead: string;
  readonly abort: string;
}

/** The package of `fromTemporaryCredentials` came later. */
const NOT_THERE = "not in it";

/** Runs all checks on one version, with both clients, which must agree. */
export async function outcomeOf(sdk: Sdk): Promise<Outcome> {
  const fallback = async () => ({ accessKeyId: "AKIAFALLBACK", secretAccessKey: "secret" });
  const both = async (check: (make: MakeClient) => Promise<boolean | string>) => {
    const s3 = await settled(check(sdk.s3));
    const dynamodb = await settled(check(sdk.dynamodb));
    if (s3 === dynamodb) return s3;
    return `S3 ${s3}, DynamoDB ${dynamodb}`;
  };
  const rotation = await both((make) => isRotated(make, HOURS));
  const lateRotation = await both((make) => isRotated(make, MINUTES));
  return {
    call: await both(isCalled),
    rotation: rotation === "yes" ? "at once" : lateRotation === "yes" ? "5 min before expiration" : rotation,
    rescued: await both(isRescued),
    chain: await both((make) => isRescued(make, (provider) => sdk.chain(provider, fallback))),
    temporary: sdk.fromTemporaryCredentials
      ? await both((make) => isRescuedWithin(make, sdk.fromTemporaryCredentials))
      : NOT_THERE,
    ahead: sdk.fromTemporaryCredentials
      ? await both((make) => isRescuedAhead(make, sdk.fromTemporaryCredentials))
      : NOT_THERE,
    abort: await both(isAborted),
  };
}

const settled = (check: Promise<boolean | string>): Promise<string> =>
  check.then(
    (passed) => (typeof passed === "string" ? passed : passed ? "yes" : "no"),
    (error: Error) => {
      process.stdout.write(`  ${error.name}: ${error.message}\n`);
      return `no (${error.name})`;
    },
  );
