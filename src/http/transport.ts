import type { ClientRequest, Agent as HttpAgent } from "node:http";
import type { Socket } from "node:net";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Endpoint } from "../config/endpoint.js";
import { loadPackage } from "../runtime/load-package.js";
import { type EndpointLookup, loadLookup } from "./lookup.js";

/**
 * The HTTP handler with an agent of its own, loaded when the first request is sent. Such an agent never uses a proxy,
 * whatever the environment or the application does to Node's global agent.
 */
export interface Transport {
  readonly handler: NodeHttpHandler;
  /** Whether connections are being made and none has been: tells "nothing there" from "there, but silent". */
  isConnecting(): boolean;
  /** Whether a request failed on a reused connection without any response: the server had closed it silently. */
  failedOnReuse(error: unknown): boolean;
  /** Closes the connections that wait for another request, so that it gets a new one. */
  closeIdle(): void;
  /** Closes every connection, those in use too. */
  destroy(): void;
}

type Agent = HttpAgent & { addRequest(request: ClientRequest, ...more: unknown[]): void };

/** Follows an agent's connections, in the methods that Node documents for it. */
class Connections {
  readonly #open = new Set<Socket>();
  readonly #failedOnReuse = new WeakSet<WeakKey>();

  constructor(agent: Agent, lookup: EndpointLookup | undefined) {
    const { addRequest, createConnection, reuseSocket } = agent;
    agent.createConnection = (options, callback) => {
      const socket = createConnection.call(agent, options, callback);
      this.#follow(socket as Socket, lookup);
      return socket;
    };
    agent.reuseSocket = (socket, request) => {
      reuseSocket.call(agent, socket, request);
      (socket as Socket).unref();
      const { bytesRead } = socket as Socket;
      request.once("error", (error) => {
        if ((socket as Socket).bytesRead === bytesRead) this.#failedOnReuse.add(error);
      });
    };
    // Undocumented: Node ends a request that is answered with 101 without any event but this one, of the request.
    agent.addRequest = (request, ...more) => {
      request.once("upgrade", (response, socket) => {
        socket.destroy();
        request.emit("response", response);
      });
      addRequest.call(agent, request, ...more);
    };
  }

  #follow(socket: Socket, lookup: EndpointLookup | undefined): void {
    const unref = () => void socket.unref();
    // A connection never keeps the process alive: a caller that waits does. Each address that Node tries has a new handle.
    unref();
    socket.on("connectionAttempt", unref).once("connect", unref);
    this.#open.add(socket);
    let hasConnected = false;
    socket.once("connect", () => {
      hasConnected = true;
    });
    socket.once("close", () => {
      this.#open.delete(socket);
      if (!hasConnected) lookup?.forget();
    });
  }

  get areConnecting(): boolean {
    return this.#open.size > 0 && [...this.#open].every(({ connecting }) => connecting);
  }

  failedOnReuse(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.#failedOnReuse.has(error);
  }
}

/** Loads what a transport to this endpoint needs; the returned function opens one. */
export async function loadTransport({ protocol, hostname }: Endpoint): Promise<() => Transport> {
  const { Agent } = await (protocol === "https:"
    ? loadPackage("node:https", () => import("node:https"))
    : loadPackage("node:http", () => import("node:http")));
  const { NodeHttpHandler } = await loadPackage(
    "@smithy/node-http-handler",
    () => import("@smithy/node-http-handler"),
  );
  const { isIP } = await loadPackage("node:net", () => import("node:net"));
  const lookup = isIP(hostname) === 0 ? await loadLookup() : undefined;
  return () => {
    const agent = new Agent({
      maxSockets: Number.POSITIVE_INFINITY,
      // Truthy, so that Node keeps connections; not `true`, for which the handler starts a timer of 3 s with each
      // request, to set TCP keep-alive. It would keep the process alive.
      keepAlive: "yes" as never,
      ...(lookup && { lookup: lookup.lookup }),
    }) as Agent;
    const connections = new Connections(agent, lookup);
    const handler = new NodeHttpHandler({
      [protocol === "https:" ? "httpsAgent" : "httpAgent"]: agent,
      // At 0 its timer ends at once, otherwise after seconds, in which it would keep the process alive. It warns of a
      // limit on sockets, and there is none.
      socketAcquisitionWarningTimeout: 0,
    });
    return {
      handler,
      isConnecting: () => connections.areConnecting,
      failedOnReuse: (error) => connections.failedOnReuse(error),
      closeIdle: () => {
        for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
      },
      destroy: () => agent.destroy(),
    };
  };
}
