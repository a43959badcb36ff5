import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { clientAt } from "../support/scripted-provider.js";

/**
 * A metadata service in another process. It notes each read on all other connections, and responds a moment later, when
 * the process of the client is blocked.
 */
const PROGRAM = `
  const watchers = new Set();
  const server = require("node:http").createServer((request, response) => {
    if (request.method === "PUT") return response.end("the-token");
    for (const socket of watchers) socket.write("read");
    setTimeout(() => response.end("in time"), 50);
  });
  const notes = require("node:net").createServer((socket) => watchers.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1", () => notes.listen(0, "127.0.0.1", () => {
    require("node:fs").writeSync(1, JSON.stringify([server.address().port, notes.address().port]) + "\\n");
  }));
`;

async function serviceWithNotes() {
  const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const [port, notesPort] = JSON.parse(String(line)) as [number, number];
  const notes = connect(notesPort, "127.0.0.1");
  await once(notes, "connect");
  return {
    endpoint: `http://127.0.0.1:${port}`,
    notes,
    async [Symbol.asyncDispose]() {
      notes.destroy();
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

const TIMEOUT = 1000;
const block = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * TIMEOUT);

test.each<[string, (block: () => void) => void]>([
  ["a timer's callback", (work) => void setTimeout(work, 0)],
  ["an immediate", (work) => void setImmediate(work)],
  ["a callback of the poll phase", (work) => work()],
  ["a microtask", (work) => queueMicrotask(work)],
  ["a tick", (work) => process.nextTick(work)],
])(
  "a response that arrives in time is used, although %s blocks the loop beyond the deadline",
  async (_, within) => {
    await using service = await serviceWithNotes();
    const client = clientAt(service, { timeout: TIMEOUT, maxRetries: 0 });
    service.notes.once("data", () => within(block));
    expect(await client.get("/latest/meta-data/hostname")).toBe("in time");
  },
);
