import type { Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Endpoint } from "./endpoint.js";
import { loadPackage } from "./load-package.js";

/**
 * The handler with an agent of its own, loaded when the first request is made. An agent of its own never goes
 * through a proxy, whatever the environment or the application does to Node's global one.
 */
export interface Transport {
  readonly handler: NodeHttpHandler;
  /** Whether a connection is still being made: tells "nothing there" from "there, but silent". */
  isConnecting(): boolean;
  /** Closes every connection, those in use too. */
  destroy(): void;
}

/** What Node's agents have and its types leave out or partly so. */
interface AgentInternals {
  keepAlive: unknown;
  createConnection(options: object, callback?: (error: Error | null, socket: Socket) => void): Socket;
  reuseSocket(socket: Socket, request: unknown): void;
}

/** Watches an agent's sockets and keeps them from holding the process: whoever waits for an answer holds it. */
function watch(agent: HttpAgent | HttpsAgent): Set<Socket> {
  const connecting = new Set<Socket>();
  const inner = agent as unknown as AgentInternals;
  const { createConnection, reuseSocket } = inner;
  inner.createConnection = (options, callback) => {
    const socket = createConnection.call(agent, options, callback);
    const done = () => connecting.delete(socket);
    connecting.add(socket);
    socket.once("connect", done).once("close", done).unref();
    return socket;
  };
  inner.reuseSocket = (socket, request) => {
    reuseSocket.call(agent, socket, request);
    socket.unref();
  };
  // Truthy, so that Node keeps connections; not `true`, on which the handler would start a 3 s timer for each
  // request that keeps the process alive, to set TCP keep-alive, which connections this short never need.
  inner.keepAlive = "within a look";
  return connecting;
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
    const connecting = watch(agent);
    const handler = new NodeHttpHandler({
      [protocol === "https:" ? "httpsAgent" : "httpAgent"]: agent,
      // Its timer would hold the process for seconds; at 0 it ends at once, and without a socket limit it has nothing to say.
      socketAcquisitionWarningTimeout: 0,
    });
    return { handler, isConnecting: () => connecting.size > 0, destroy: () => agent.destroy() };
  };
}
