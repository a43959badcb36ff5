import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { InstanceMetadataErrorCode, InstanceRoleOptions } from "../../../src/index.js";
import type { MockFault, MockStep } from "../../../src/testing/index.js";
import { CLEAN_ENVIRONMENT } from "../../support/child-process.js";
import { consumerProject } from "../../support/packed-package.js";
import { ProcessPartner } from "./process-partner.js";

/** How a call of the provider ended, as the application saw it. */
export interface Outcome {
  readonly end: "credentials" | "incomplete credentials" | "typed error" | "untyped error";
  readonly ms: number;
  readonly accessKeyId?: string;
  readonly expired?: boolean;
  readonly code?: InstanceMetadataErrorCode;
  readonly step?: string;
  readonly message?: string;
  readonly attempts?: number;
}

/** How to start Node: as it is, or within a limit or a network of its own. */
export interface Launcher {
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const PLAIN: Launcher = { prefix: [], env: CLEAN_ENVIRONMENT };

/** A folder with the package as published and the programs that use it. Once a test file. */
export async function hostileProject(): Promise<string> {
  const project = await consumerProject();
  await cp(join(import.meta.dirname, "programs"), project, { recursive: true });
  return project;
}

/** The first test to ask for a project builds and packs the package. */
export const BUILD_MS = 120_000;

function launch(
  project: string,
  program: string,
  argument: string,
  { prefix, env }: Launcher,
): ProcessPartner {
  const [command = "", ...args] = [...prefix, process.execPath, join(project, program), argument];
  const partner = new ProcessPartner(command, args, project, env);
  onTestFinished(() => partner.kill());
  return partner;
}

/** The metadata service, a process of its own. */
export class MetadataServer {
  readonly process: ProcessPartner;
  readonly endpoint: string;
  readonly port: number;

  private constructor(process: ProcessPartner, { endpoint, port }: { endpoint: string; port: number }) {
    this.process = process;
    this.endpoint = endpoint;
    this.port = port;
  }

  static async start(
    project: string,
    where: { port?: number; host?: string; seconds?: number } = {},
    launcher: Launcher = PLAIN,
  ): Promise<MetadataServer> {
    const partner = launch(project, "metadata-server.mjs", "", launcher);
    return new MetadataServer(partner, await partner.ask("listen", where));
  }

  /** Serves new credentials with this lifetime, an hour by default. @returns their access key id */
  rotate = (seconds = 3600): Promise<string> => this.process.ask("rotate", { seconds });

  /** Without `times`, from now on. */
  fail = (fault: MockFault): Promise<void> => this.process.ask("fail", { ...fault });

  delay = (ms: number, on: MockStep): Promise<void> => this.process.ask("delay", { ms, on });

  steps = (): Promise<MockStep[]> => this.process.ask("steps");
}

/** An application, a process of its own. */
export class Service {
  readonly process: ProcessPartner;

  constructor(project: string, options: InstanceRoleOptions, launcher: Launcher = PLAIN) {
    this.process = launch(project, "service.mjs", JSON.stringify(options), launcher);
  }

  call = (props: { forceRefresh?: boolean } = {}): Promise<Outcome> => this.process.ask("call", props);

  status = (): Promise<{ stale: boolean; code?: string }> => this.process.ask("status");

  /** Calls until the credentials are this set's. Every other end on the way must be one of `meanwhile`. */
  async callUntil(accessKeyId: string, meanwhile: readonly string[]): Promise<void> {
    for (;;) {
      const outcome = await this.call();
      if (outcome.accessKeyId === accessKeyId) return;
      expect(meanwhile).toContain(outcome.code ?? outcome.accessKeyId ?? outcome.message);
    }
  }

  /** Nothing is left open; with nothing to do, the process ends by itself and has written nothing. */
  async endsCleanly(): Promise<void> {
    expect(await this.process.ask("openSockets")).toBe(0);
    expect(await this.process.end()).toEqual({ code: 0, signal: null, stderr: "" });
  }
}

/** A metadata server and an application that uses it. */
export async function startProcesses(
  project: string,
  options: InstanceRoleOptions,
  { seconds = 3600, launcher }: { seconds?: number; launcher?: Launcher } = {},
): Promise<{ readonly server: MetadataServer; readonly service: Service }> {
  const server = await MetadataServer.start(project, { seconds });
  return { server, service: new Service(project, { endpoint: server.endpoint, ...options }, launcher) };
}

/** The machine may be busy: what is to be shown is that there is a bound, not how tight it is. */
const SLACK = 5;

/** The most that one request may take with these settings, retries and their waits included, times the slack. */
export function boundOf({ timeout, maxRetries }: { timeout: number; maxRetries: number }): number {
  const waits = Array.from({ length: maxRetries }, (_, retry) => 2 * 100 * 2 ** retry);
  return SLACK * waits.reduce((sum, ms) => sum + ms, timeout * (maxRetries + 1));
}

/** Expects a typed error within the bound. */
export function expectTyped(
  outcome: Outcome,
  code: InstanceMetadataErrorCode,
  settings: { timeout: number; maxRetries: number },
): void {
  expect(outcome).toMatchObject({ end: "typed error", code });
  expect(outcome.ms).toBeLessThan(boundOf(settings));
}
