import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

/** A service in a process of its own, so that nothing happens in this one but what its client does. */
export async function serviceApart(whenListening: string): Promise<{
  readonly port: number;
  readonly endpoint: string;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const program = `const server = require("node:net").createServer(() => {});
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("node:fs").writeSync(1, server.address().port + "\\n");
      ${whenListening}
    });`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line);
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

/** A service that accepts nothing and whose queue is full, so that a connection attempt gets no answer at all. */
export async function silentPort(): Promise<{
  readonly endpoint: string;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const service = await serviceApart(`Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`);
  const fill = () => connect(service.port, "127.0.0.1").on("error", () => {});
  // Two are let in, one after the other, and the queue of one is full.
  const first = fill();
  await once(first, "connect");
  const second = fill();
  await once(second, "connect");
  const fillers = [first, second, fill(), fill(), fill()];
  return {
    endpoint: service.endpoint,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      await service[Symbol.asyncDispose]();
    },
  };
}
