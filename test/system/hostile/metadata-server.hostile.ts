import { createServer, type Server, type Socket } from "node:net";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { InstanceMetadataErrorCode } from "../../../src/index.js";
import { BUILD_MS, expectTyped, hostileProject, MetadataServer, startProcesses } from "./hostile-setup.js";

const SETTINGS = { timeout: 300, maxRetries: 1 };

let project = "";
beforeAll(async () => {
  project = await hostileProject();
}, BUILD_MS);

describe("a metadata server that is killed", () => {
  test("is unreachable, and is found again when it is started on its port", async () => {
    const { server, service } = await startProcesses(project, SETTINGS);
    await server.process.kill();
    expectTyped(await service.call(), "IMDS_UNREACHABLE", SETTINGS);
    const restarted = await MetadataServer.start(project, { port: server.port });
    await service.callUntil(await restarted.rotate(), ["IMDS_UNREACHABLE"]);
    await service.endsCleanly();
  });

  test("during a request ends it with a typed error, and the next server's token is used", async () => {
    const { server, service } = await startProcesses(project, SETTINGS);
    await server.fail({ on: "credentials", mode: "hang" });
    const call = service.call();
    while (!(await server.steps()).includes("credentials"));
    await server.process.kill();
    expectTyped(await call, "IMDS_UNREACHABLE", SETTINGS);
    const restarted = await MetadataServer.start(project, { port: server.port });
    await service.callUntil(await restarted.rotate(), ["IMDS_UNREACHABLE"]);
    // The kept token was the other one's.
    expect((await restarted.steps()).filter((step) => step === "token")).toHaveLength(1);
    await service.endsCleanly();
  });
});

/** Sends without end, as fast as it is read. */
function pour(socket: Socket, head: string, chunk: string): void {
  socket.write(head);
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
}

const OTHERS: readonly (readonly [string, InstanceMetadataErrorCode, (socket: Socket) => void])[] = [
  ["an SSH server", "INVALID_RESPONSE", (socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n")],
  ["an echo", "INVALID_RESPONSE", (socket) => socket.pipe(socket)],
  ["random bytes", "INVALID_RESPONSE", (socket) => socket.write(Buffer.from([...Array(256).keys()]))],
  [
    "a header without end",
    "INVALID_RESPONSE",
    (socket) => pour(socket, "HTTP/1.1 200 OK\r\nA: ", "a".repeat(999)),
  ],
  [
    "a body without end",
    "INVALID_RESPONSE",
    (socket) => pour(socket, "HTTP/1.1 200 OK\r\n\r\n", "a".repeat(9999)),
  ],
  [
    "a web page",
    "INVALID_RESPONSE",
    (socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\n<html>It works!</html>")),
  ],
  [
    "a server that hangs up after the request",
    "IMDS_UNREACHABLE",
    (socket) => socket.once("data", () => socket.destroy()),
  ],
  ["a server that hangs up at once", "IMDS_UNREACHABLE", (socket) => socket.destroy()],
  ["a server that never responds", "IMDS_TIMEOUT", () => {}],
];

async function listenAs(port: number, behave: (socket: Socket) => void): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  onTestFinished(close);
  return close;
}

describe("a port that another program has taken", () => {
  test.each(OTHERS)(
    "%s: %s, cached credentials stay in use, and the true server is found again",
    async (_, code, behave) => {
      const { server, service } = await startProcesses(project, SETTINGS);
      await server.process.kill();
      const leave = await listenAs(server.port, behave);
      expectTyped(await service.call(), code, SETTINGS);
      await leave();
      const restarted = await MetadataServer.start(project, { port: server.port });
      const { accessKeyId } = await service.call({ forceRefresh: true });
      await restarted.process.kill();
      await listenAs(server.port, behave);
      expect(await service.call({ forceRefresh: true })).toMatchObject({ end: "credentials", accessKeyId });
      expect(await service.status()).toEqual({ stale: false, code });
      await service.endsCleanly();
    },
  );
});
