import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

export interface RecordingProxy {
  readonly url: string;
  /** The first line of everything that was sent to it, in order. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\nfrom the proxy";

/** A proxy on loopback that writes down what comes, whatever it is, and passes nothing on. */
export async function startRecordingProxy(): Promise<RecordingProxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A client that goes away is no matter of the proxy.
    socket.on("error", () => {});
    socket.once("data", (chunk) => {
      seen.push(chunk.toString("latin1").split("\r\n", 1)[0] ?? "");
      socket.end(ANSWER);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
