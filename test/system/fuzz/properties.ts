import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { fromInstanceRole, InstanceMetadataError, type InstanceRoleProvider } from "../../../src/index.js";
import { findLeaks } from "../../support/leaks.js";
import { answers, configFile, GOOD, SECRETS, type SettingTexts, settingTexts } from "./generators.js";
import { rawServer } from "./raw-server.js";

/** How many cases ended in each class: a code, or `credentials`. */
export type Tally = Map<string, number>;

const count = (tally: Tally, outcome: string): void => void tally.set(outcome, (tally.get(outcome) ?? 0) + 1);

const TIMEOUT_MS = 20_000;

/** A load that lists twice, each of its requests refused once for its token and sent once more. */
const MAX_REQUESTS = 10;

/** Settles one call: a typed error without a secret, or credentials that can be used. Anything else throws. */
async function outcomeOf(provider: InstanceRoleProvider, forceRefresh: boolean): Promise<string> {
  const began = performance.now();
  const outcome = await settled(provider, forceRefresh);
  if (performance.now() - began > MAX_REQUESTS * TIMEOUT_MS)
    throw new Error("it took longer than its deadlines allow");
  return outcome;
}

async function settled(provider: InstanceRoleProvider, forceRefresh: boolean): Promise<string> {
  let credentials: Awaited<ReturnType<InstanceRoleProvider>>;
  try {
    credentials = await provider({ forceRefresh });
  } catch (error) {
    if (!(error instanceof InstanceMetadataError)) throw error;
    const shown = `${inspect(error, { depth: 8, showHidden: true })}${JSON.stringify(error)}${inspect(provider.status())}`;
    const [leak] = findLeaks(shown, SECRETS);
    if (leak !== undefined) throw new Error(`a part of a secret was shown: ${leak}`);
    if (!error.message.endsWith(`[${error.code}]`)) throw new Error("the message does not end with its code");
    return error.code;
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials;
  for (const key of [accessKeyId, secretAccessKey, sessionToken]) {
    if (!key || !/^[\x21-\x7e]+$/.test(key)) throw new Error("a key that cannot be used was returned");
  }
  if (!(expiration instanceof Date) || Number.isNaN(expiration.getTime()))
    throw new Error("no true expiration");
  return "credentials";
}

/** The service's responses are strange; afterwards they are good, and the same provider works. */
export async function fuzzAnswers(numRuns: number, seed: number | undefined, tally: Tally): Promise<void> {
  const server = await rawServer();
  const options = { endpoint: server.endpoint, shared: false, maxRetries: 0, timeout: TIMEOUT_MS } as const;
  await fc.assert(
    fc.asyncProperty(answers, async (strange) => {
      server.seen.length = 0;
      const provider = fromInstanceRole(options);
      server.answers = strange;
      count(tally, await outcomeOf(provider, false));
      server.answers = GOOD;
      const after = await outcomeOf(provider, true);
      if (after !== "credentials") throw new Error(`a good answer afterwards ended in ${after}`);
      if (server.seen.includes("elsewhere")) throw new Error("a request went to another path");
      provider.close();
    }),
    { numRuns, ...(seed === undefined ? {} : { seed }) },
  );
  await server.close();
}

const VARIABLES: Readonly<Record<keyof SettingTexts, string>> = {
  timeout: "AWS_METADATA_SERVICE_TIMEOUT",
  attempts: "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
  v1: "AWS_EC2_METADATA_V1_DISABLED",
  mode: "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
  role: "AWS_EC2_INSTANCE_PROFILE_NAME",
};

/** Strange settings end in `INVALID_CONFIGURATION` or in working credentials; right ones afterwards work. */
export async function fuzzSettings(numRuns: number, seed: number | undefined, tally: Tally): Promise<void> {
  const server = await rawServer();
  server.answers = GOOD;
  const folder = await mkdtemp(join(tmpdir(), "fuzz-"));
  const file = join(folder, "config");
  const before = { ...process.env };
  const environment = fc.tuple(fc.option(settingTexts), configFile);
  try {
    await fc.assert(
      fc.asyncProperty(environment, async ([texts, config]) => {
        await writeFile(file, config);
        process.env.AWS_CONFIG_FILE = file;
        for (const [name, variable] of Object.entries(VARIABLES)) {
          // The environment of a process cannot hold a zero byte.
          const text = texts?.[name as keyof SettingTexts].replaceAll("\0", "");
          if (text === undefined) delete process.env[variable];
          else process.env[variable] = text;
        }
        const provider = fromInstanceRole({ endpoint: server.endpoint, shared: false });
        const outcome = await outcomeOf(provider, false);
        // A tiny timeout is a legal setting, and nothing answers in no time.
        if (!["credentials", "INVALID_CONFIGURATION", "IMDS_TIMEOUT", "IMDS_UNREACHABLE"].includes(outcome)) {
          throw new Error(`strange settings ended in ${outcome}`);
        }
        count(tally, outcome);
        await writeFile(file, "");
        for (const variable of Object.values(VARIABLES)) delete process.env[variable];
        if (outcome === "INVALID_CONFIGURATION" && (await outcomeOf(provider, true)) !== "credentials") {
          throw new Error("the provider did not recover once its settings were right");
        }
        provider.close();
      }),
      { numRuns, ...(seed === undefined ? {} : { seed }) },
    );
  } finally {
    process.env = before;
    await rm(folder, { recursive: true });
    await server.close();
  }
}

/** What the generators aim at: no class may be empty. */
export const AIMED_AT = {
  answers: [
    "credentials",
    "INVALID_RESPONSE",
    "NO_ROLE_ATTACHED",
    "ROLE_NOT_ASSUMABLE",
    "SERVER_ERROR",
    "THROTTLED",
    "UNAUTHORIZED",
    "IMDS_FORBIDDEN",
    "IMDS_UNREACHABLE",
    "TOKEN_REJECTED",
    "TOKEN_UNSUPPORTED",
  ],
  settings: ["credentials", "INVALID_CONFIGURATION"],
} as const;
