import type { Agent, IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import type { HttpRequest } from "@smithy/types";

interface Answer {
  readonly response: {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: IncomingMessage;
  };
}

/**
 * What is left of the SDK's handler when only what the library asks of it is written down. The benchmark measures
 * with it what that dependency costs; the library does not use it.
 */
export class NodeHttpHandler {
  readonly #agent: Agent;

  constructor({ httpAgent }: { httpAgent: Agent }) {
    this.#agent = httpAgent;
  }

  handle(
    request: HttpRequest,
    { abortSignal }: { abortSignal: { onabort: (() => void) | null } },
  ): Promise<Answer> {
    const { method, hostname: host, port, path, headers } = request;
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ method, host, port, path, headers, agent: this.#agent }, (message) => {
        const texts = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
        const response = {
          statusCode: message.statusCode ?? 0,
          headers: Object.fromEntries(texts),
          body: message,
        };
        resolve({ response });
      });
      abortSignal.onabort = () => void sent.destroy();
      sent.on("error", reject).end();
    });
  }
}
