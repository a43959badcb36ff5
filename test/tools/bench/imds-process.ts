import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { CLEAN_ENVIRONMENT } from "../../support/child-process.js";
import { EC2_ADDRESS, hasOwnNetwork } from "./namespace.js";
import type { BenchProject } from "./project.js";

type Order = "count" | "reset" | "delay" | "rotate";

/** A mocked IMDS, and an S3 endpoint that answers everything, in a process of their own. */
export class ImdsProcess {
  readonly endpoint: string;
  readonly s3: string;
  /** Whether it can be reached at EC2's own address too. */
  readonly onEc2Address: boolean;
  readonly #child: ChildProcess;
  #orders = 0;

  private constructor(child: ChildProcess, where: Pick<ImdsProcess, "endpoint" | "s3" | "onEc2Address">) {
    this.#child = child;
    this.endpoint = where.endpoint;
    this.s3 = where.s3;
    this.onEc2Address = where.onEc2Address;
  }

  static async start({ directory }: BenchProject): Promise<ImdsProcess> {
    const args = hasOwnNetwork() ? [EC2_ADDRESS] : [];
    const child = fork("imds.mjs", args, { cwd: directory, execArgv: [], env: CLEAN_ENVIRONMENT });
    const [where] = await once(child, "message");
    return new ImdsProcess(child, where);
  }

  /** How many requests came since the last reset. */
  count(): Promise<number> {
    return this.#order("count") as Promise<number>;
  }

  async reset(): Promise<void> {
    await this.#order("reset");
  }

  async delay(ms: number): Promise<void> {
    await this.#order("delay", { ms });
  }

  /** Serves new credentials that expire in so many seconds. */
  async rotate(seconds: number): Promise<void> {
    await this.#order("rotate", { seconds });
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #order(order: Order, details: object = {}): Promise<unknown> {
    const id = ++this.#orders;
    this.#child.send({ id, order, ...details });
    for (;;) {
      const [message] = await once(this.#child, "message");
      if (message.id === id) return message.answer;
    }
  }
}
