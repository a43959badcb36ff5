import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CLEAN_ENVIRONMENT, run } from "../../support/child-process.js";
import type { S3Endpoint } from "../../support/s3-endpoint.js";
import type { InteropClient, Services } from "./interop-client.js";
import type { Outcome } from "./programs/conversation.js";

/** A running client: asked, it gets credentials or fails, in its own way. */
export interface Session {
  ask(): Promise<Outcome>;
  end(): void;
}

/** The variable of a clean environment leads nowhere; a client that is to find EC2's address must not have it. */
function environmentOf(client: InteropClient, services: Services): NodeJS.ProcessEnv {
  const { AWS_EC2_METADATA_SERVICE_ENDPOINT: _, ...clean } = CLEAN_ENVIRONMENT;
  return { ...clean, ...client.environment?.(services) };
}

export function converse(client: InteropClient, services: Services): Session {
  const [program = "", ...args] = client.program(services);
  const child = spawn(program, args, {
    env: environmentOf(client, services),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const outcomes = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask() {
      child.stdin.write("credentials, please\n");
      const { value, done } = await outcomes.next();
      if (done) throw new Error(`${client.name} ended without an answer`);
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}

/** The S3 endpoint tells which key signed; a valid signature takes all of the credentials. */
export function repeatCommand(client: InteropClient, services: Services, s3: S3Endpoint): Session {
  const [program = "", ...args] = client.program(services);
  const env = client.environment?.(services) ?? {};
  return {
    async ask() {
      const before = s3.calls.length;
      const { exitCode, stderr } = await run(program, args, { env });
      const call = s3.calls[before];
      const isDone = client.ignoresStatus || exitCode === 0;
      // Refusals of the endpoint have a code. What is not there has none.
      if (isDone && call?.accessKeyId !== undefined && call.errorCode === undefined) {
        return { received: { accessKeyId: call.accessKeyId } };
      }
      return { failed: `ended with ${exitCode} ${stderr}` };
    },
    end() {},
  };
}
