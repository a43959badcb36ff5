import type { AgentOptions } from "node:http";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Endpoint } from "./endpoint.js";

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

export function openTransport({ protocol }: Endpoint): Transport {
  const options: AgentOptions = { maxSockets: Number.POSITIVE_INFINITY };
  const agent = protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  const connecting = watch(agent);
  const handler = new NodeHttpHandler({
    ...(agent instanceof HttpsAgent ? { httpsAgent: agent } : { httpAgent: agent }),
    // Its timer would hold the process for seconds; at 0 it ends at once, and without a socket limit it has nothing to say.
    socketAcquisitionWarningTimeout: 0,
  });
  return { handler, isConnecting: () => connecting.size > 0, destroy: () => agent.destroy() };
}
