import { execFile } from "node:child_process";
import dgram from "node:dgram";
import dns, { promises as dnsPromises } from "node:dns";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { HttpResponse, http as mocked } from "msw";
import { setupServer } from "msw/node";
import { describe, expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);

const OUTSIDE = ["169.254.169.254", "192.0.2.1", "fd00:ec2::254", "outside.invalid"];

const refused = (host: string) => ({
  code: "ENETCLOSED",
  message: `the tests are closed to ${host}: they may contact loopback only`,
});

/** Source of a program that prints how a connection to each host ends, one line a host. */
const connectTo = (hosts: readonly string[]): string => `
  const net = require("node:net");
  for (const host of ${JSON.stringify(hosts)}) {
    net.connect(80, host).on("connect", () => console.log(host, "connected"))
      .on("error", (error) => console.log(host, error.code));
  }
`;
const allRefused = (hosts: readonly string[]): string[] => hosts.map((host) => `${host} ENETCLOSED`).sort();
const lines = (output: string): string[] => output.trim().split("\n").sort();

const errorOf = async (emitter: NodeJS.EventEmitter): Promise<unknown> => (await once(emitter, "error"))[0];

/** A server on all loopback addresses, or on a path; its port, if it has one. */
async function listening(path?: string): Promise<number> {
  const server = net.createServer((socket) => socket.end());
  server.listen(path === undefined ? { host: "::", port: 0 } : { path });
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("a test that reaches outside is refused", () => {
  test.each(OUTSIDE)("by any way to connect to %s", async (host) => {
    const authority = host.includes(":") ? `[${host}]` : host;
    expect(await errorOf(net.connect(80, host))).toMatchObject(refused(host));
    expect(await errorOf(net.connect({ host, port: 80 }))).toMatchObject(refused(host));
    expect(await errorOf(tls.connect(443, host))).toMatchObject(refused(host));
    expect(await errorOf(http.get(`http://${authority}/`))).toMatchObject(refused(host));
    await expect(fetch(`http://${authority}/`)).rejects.toMatchObject({ cause: refused(host) });
  });

  test("by name server look-ups", async () => {
    await expect(dnsPromises.lookup("outside.invalid")).rejects.toMatchObject(refused("outside.invalid"));
    await expect(dnsPromises.resolve4("localhost")).rejects.toMatchObject(refused("localhost"));
    await expect(promisify(dns.lookup)("outside.invalid")).rejects.toMatchObject(refused("outside.invalid"));
    await expect(promisify(dns.reverse)("192.0.2.1")).rejects.toMatchObject(refused("192.0.2.1"));
    await expect(new dnsPromises.Resolver().resolve("outside.invalid")).rejects.toMatchObject(
      refused("outside.invalid"),
    );
  });

  test("by datagrams", () => {
    const socket = dgram.createSocket("udp4");
    onTestFinished(() => void socket.close());
    expect(() => socket.send("hello", 53, "192.0.2.1")).toThrow(/closed to 192\.0\.2\.1/);
    expect(() => socket.connect(53, "192.0.2.1")).toThrow(/closed to 192\.0\.2\.1/);
  });

  test("in a Node process that it starts, and in one that this one starts", async () => {
    const child = await run(process.execPath, ["-e", connectTo(OUTSIDE)]);
    expect(lines(child.stdout)).toEqual(allRefused(OUTSIDE));

    const parent = `console.log(require("node:child_process").execFileSync(
      process.execPath, ["-e", ${JSON.stringify(connectTo(OUTSIDE))}], { encoding: "utf8" }))`;
    const grandchild = await run(process.execPath, ["-e", parent]);
    expect(lines(grandchild.stdout)).toEqual(allRefused(OUTSIDE));
  });

  test("in a worker thread", async () => {
    // Addresses reserved for documentation: a worker inherits the guard from how this process was started.
    const hosts = ["192.0.2.1", "outside.invalid"];
    const worker = new Worker(connectTo(hosts), { eval: true, stdout: true });
    let output = "";
    worker.stdout.on("data", (chunk) => {
      output += chunk;
    });
    await once(worker, "exit");
    expect(lines(output)).toEqual(allRefused(hosts));
  });
});

describe("a test may contact", () => {
  test.each(["127.0.0.1", "::1", "::ffff:127.0.0.1", "localhost"])("%s", async (host) => {
    const port = await listening();
    await once(net.connect(port, host), "connect");
    await once(net.connect({ host, port }), "connect");
  });

  test("a server whose host it leaves out, or that listens on a path", async () => {
    const port = await listening();
    await once(net.connect(port), "connect");

    const folder = await mkdtemp(join(tmpdir(), "closed-network-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "socket");
    await listening(path);
    await once(net.connect(path), "connect");
    await once(net.connect({ path }), "connect");
  });

  test("what msw answers for, also at the address of EC2; what msw does not handle is refused", async () => {
    const server = setupServer(
      mocked.get("http://169.254.169.254/handled", () => HttpResponse.text("mocked")),
    );
    server.listen({ onUnhandledRequest: "bypass" });
    onTestFinished(() => server.close());

    const answer = await fetch("http://169.254.169.254/handled");
    expect(await answer.text()).toBe("mocked");
    const [response] = await once(http.get("http://169.254.169.254/handled"), "response");
    expect(response.resume().statusCode).toBe(200);

    const host = "169.254.169.254";
    expect(await errorOf(http.get(`http://${host}/other`))).toMatchObject(refused(host));
    await expect(fetch(`http://${host}/other`)).rejects.toMatchObject({ cause: refused(host) });
  });
});

test("settings of AWS and proxies on the machine do not reach a test", async () => {
  const setup = JSON.stringify(new URL("./closed-network.ts", import.meta.url));
  const script = `await import(${setup}); console.log(JSON.stringify(process.env))`;
  const foreign = {
    AWS_PROFILE: "p",
    AWS_ACCESS_KEY_ID: "a",
    AWS_EC2_METADATA_DISABLED: "true",
    HTTP_PROXY: "http://127.0.0.1:1",
    https_proxy: "http://127.0.0.1:1",
    No_Proxy: "*",
    ALL_PROXY: "http://127.0.0.1:1",
    NODE_USE_ENV_PROXY: "1",
  };
  const { stdout } = await run(process.execPath, ["--import=tsx", "--input-type=module", "-e", script], {
    env: { ...process.env, ...foreign },
  });
  const left: Record<string, string> = JSON.parse(stdout);
  expect(Object.keys(foreign).filter((name) => name in left)).toEqual([]);
  expect(
    Object.keys(left)
      .filter((name) => name.startsWith("AWS_"))
      .sort(),
  ).toEqual([
    "AWS_CONFIG_FILE",
    "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED",
    "AWS_SHARED_CREDENTIALS_FILE",
  ]);
});
