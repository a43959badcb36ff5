// Runs a command beside a metadata service and a port that answers no connection, in a network that has nothing but
// loopback, and prints how it ended and what was asked. Agents may want to reach their vendor; here nothing can.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createMockImds } from "../../../../src/testing/index.js";
import { run } from "../../../support/child-process.js";
import { insistOnNamespace } from "../../interop/namespace.js";

/** A process of its own that accepts no connection and has its queue full: the kernel drops every further SYN. */
async function silentPort() {
  const program = `require("node:net").createServer(() => {}).listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () {
    require("node:fs").writeSync(1, this.address().port + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const fill = () => connect(Number(line), "127.0.0.1").on("error", () => {});
  const [first, second] = [fill(), fill()];
  await Promise.all([once(first, "connect"), once(second, "connect")]);
  const fillers = [first, second, fill(), fill()];
  const close = () => {
    for (const socket of fillers) socket.destroy();
    child.kill("SIGKILL");
  };
  return { endpoint: `http://127.0.0.1:${Number(line)}`, close };
}

insistOnNamespace();
const [program = "", ...args] = process.argv.slice(2);
const imds = createMockImds({ region: "eu-central-1" });
const listener = await imds.listen();
const silent = await silentPort();
const env = {
  AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint,
  SILENT_ENDPOINT: silent.endpoint,
  OTHER_RUNTIME_HOME: process.env.OTHER_RUNTIME_HOME ?? "",
};
const { exitCode, stdout, stderr } = await run(program, args, { env });
await listener.close();
silent.close();
const requests = imds.requests.map(({ step, path, headers }) => ({ step, path, headers }));
const accessKeyId = imds.credentials?.accessKeyId;
console.log(JSON.stringify({ exitCode, stdout, stderr, requests, accessKeyId }));
