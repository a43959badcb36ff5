import type { ClientRequest, Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Endpoint } from "../config/endpoint.js";
import { loadPackage } from "../runtime/load-package.js";

/**
 * The handler with an agent of its own, loaded when the first request is made. An agent of its own never goes
 * through a proxy, whatever the environment or the application does to Node's global one.
 */
export interface Transport {
  readonly handler: NodeHttpHandler;
  /** Whether the request with these very headers has no connection yet: tells "nothing there" from "there, but silent". */
  isConnecting(headers: object): boolean;
  /** Closes every connection, those in use too. */
  destroy(): void;
}

/** What Node's agents have and its types leave out or partly so. */
interface AgentInternals {
  keepAlive: unknown;
  addRequest(request: ClientRequest, options: { headers: object }, ...more: unknown[]): void;
}

/** Watches the requests of an agent, by their headers, which are the one thing of them that the handler leaves as it is. */
function watch(agent: HttpAgent | HttpsAgent): WeakMap<object, ClientRequest> {
  const requests = new WeakMap<object, ClientRequest>();
  const inner = agent as unknown as AgentInternals;
  const { addRequest } = inner;
  inner.addRequest = (request, options, ...more) => {
    requests.set(options.headers, request);
    // A socket never holds the process: whoever waits for an answer does.
    request.once("socket", (socket) => socket.unref());
    // Otherwise Node lets a request go that was answered with 101, and tells nobody.
    request.once("upgrade", (message, socket) => {
      socket.destroy();
      request.emit("response", message);
    });
    addRequest.call(agent, request, options, ...more);
  };
  // Truthy, so that Node keeps connections; not `true`, on which the handler would start a 3 s timer for each
  // request that keeps the process alive, to set TCP keep-alive, which connections this short never need.
  inner.keepAlive = "within a look";
  return requests;
}

/** Loads what a transport to this endpoint is made of; the returned function opens one. */
export async function loadTransport({ protocol }: Endpoint): Promise<() => Transport> {
  const { Agent } = await (protocol === "https:"
    ? loadPackage("node:https", () => import("node:https"))
    : loadPackage("node:http", () => import("node:http")));
  const { NodeHttpHandler } = await loadPackage(
    "@smithy/node-http-handler",
    () => import("@smithy/node-http-handler"),
  );
  return () => {
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
    const requests = watch(agent);
    const handler = new NodeHttpHandler({
      [protocol === "https:" ? "httpsAgent" : "httpAgent"]: agent,
      // Its timer would hold the process for seconds; at 0 it ends at once, and without a socket limit it has nothing to say.
      socketAcquisitionWarningTimeout: 0,
    });
    return {
      handler,
      isConnecting: (headers) => requests.get(headers)?.socket?.connecting ?? false,
      destroy: () => agent.destroy(),
    };
  };
}
