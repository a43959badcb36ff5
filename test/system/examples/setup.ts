import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { onTestFinished } from "vitest";
import { createMockImds, type MockImds } from "../../../src/testing/index.js";
import { CLEAN_ENVIRONMENT, run } from "../../support/child-process.js";
import { S3Endpoint } from "../../support/s3-endpoint.js";
import { exampleProject } from "./example-project.js";

/** What the examples find: a role, and an S3 that accepts its credentials. */
export interface Environment {
  readonly imds: MockImds;
  readonly credentials: AwsCredentialIdentity;
  readonly s3: S3Endpoint;
  readonly env: Readonly<Record<string, string>>;
  /** Puts an object where the example finds it. */
  put(key: string, body: string): Promise<void>;
}

/** Settings of npm, so that this machine's own do not matter. */
const NPM: Readonly<Record<string, string>> = {
  npm_config_update_notifier: "false",
  npm_config_loglevel: "error",
  NO_COLOR: "1",
};

export async function startEnvironment(): Promise<Environment> {
  const imds = createMockImds({ roleName: "report-writer", region: "eu-central-1" });
  const s3 = new S3Endpoint();
  const [listener, s3Url] = await Promise.all([imds.listen(), s3.listen()]);
  onTestFinished(async () => {
    await Promise.all([listener.close(), s3.close()]);
  });
  const { credentials } = imds;
  if (!credentials) throw new Error("the role has no credentials");
  s3.accept(credentials);
  return {
    imds,
    credentials,
    s3,
    env: {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint,
      AWS_ENDPOINT_URL_S3: s3Url,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
    async put(key, body) {
      const client = new S3Client({
        endpoint: s3Url,
        region: "eu-central-1",
        credentials,
        forcePathStyle: true,
        maxAttempts: 1,
      });
      await client.send(new PutObjectCommand({ Bucket: "reports", Key: key, Body: body }));
      client.destroy();
    },
  };
}

export interface NpmRun {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** `npm start` or `npm test`, as the example's reader would type it. */
export async function npm(
  example: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<NpmRun> {
  const cwd = await exampleProject(example);
  const { exitCode, stdout, stderr } = await run("npm", ["--silent", ...args], {
    cwd,
    env: { ...NPM, ...env, npm_config_cache: join(cwd, ".npm") },
  });
  return { exitCode, lines: stdout.trim().split("\n"), stderr };
}

/** A service that was started by `npm start`. */
export interface StartedService {
  readonly url: string;
  /** Ends it as a supervisor does. @returns what it had written since the start */
  terminate(): Promise<string>;
}

/** Resolves once the service says on which port it listens. */
export async function startService(
  example: string,
  env: Readonly<Record<string, string>>,
): Promise<StartedService> {
  const cwd = await exampleProject(example);
  const child = spawn("npm", ["--silent", "start"], {
    cwd,
    env: { ...CLEAN_ENVIRONMENT, ...NPM, ...env, PORT: "0", npm_config_cache: join(cwd, ".npm") },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: npm, its shell and the service.
    detached: true,
  });
  const closed = once(child, "close");
  const signal = (name: NodeJS.Signals) => child.pid !== undefined && process.kill(-child.pid, name);
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) signal("SIGKILL");
  });
  const stderr = text(child.stderr);
  let output = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    const [, port] = /listening on port (\d+)/.exec(output) ?? [];
    if (port === undefined) continue;
    const rest = text(child.stdout);
    const terminate = async (): Promise<string> => {
      signal("SIGTERM");
      await closed;
      return rest;
    };
    return { url: `http://127.0.0.1:${port}`, terminate };
  }
  throw new Error(`the service did not start\n${output}\n${await stderr}`);
}
