import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import { CLEAN_ENVIRONMENT, run } from "../../support/child-process.js";
import { MANIFEST, packedPackage } from "../../support/packed-package.js";
import { HANDLER } from "./handler-program.js";
import { startServices } from "./services.js";

const APP: Readonly<Record<string, string>> = {
  "package.json": '{ "private": true }',
  "next.config.mjs": `
    export default { output: "standalone", outputFileTracingRoot: import.meta.dirname };`,
  "app/layout.js": `
    export default function Layout({ children }) {
      return <html lang="en"><body>{children}</body></html>;
    }`,
  "app/report/handler.mjs": HANDLER.mjs,
  "app/report/route.js": `
    import { handler } from "./handler.mjs";
    export const dynamic = "force-dynamic";
    export async function GET() {
      return Response.json(await handler());
    }`,
};

/** Builds the app, and gives the directory of its standalone server, away from where anything is installed. */
async function standaloneApp(flags: readonly string[]): Promise<string> {
  const unpacked = await packedPackage();
  const project = await mkdtemp(join(inject("runDirectory"), "next-"));
  await mkdir(join(project, "app/report"), { recursive: true });
  for (const [file, text] of Object.entries(APP)) await writeFile(join(project, file), text);
  // Hard links: Turbopack follows no link out of the project, and a copy would be half a gigabyte.
  await run("cp", ["-al", inject("nextPackages"), join(project, "node_modules")]);
  await cp(unpacked, join(project, "node_modules", MANIFEST.name), { recursive: true });
  const next = join(project, "node_modules/next/dist/bin/next");
  const { exitCode, stdout, stderr } = await run(process.execPath, [next, "build", ...flags], {
    cwd: project,
    env: { NEXT_TELEMETRY_DISABLED: "1" },
  });
  if (exitCode !== 0) throw new Error(`next build ended with ${exitCode}\n${stdout}\n${stderr}`);
  const standalone = `${project}-standalone`;
  await rename(join(project, ".next/standalone"), standalone);
  return standalone;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test.for([
  ["Turbopack", []],
  ["webpack", ["--webpack"]],
] as const)(
  "a route of a standalone Next.js server that %s built works",
  { timeout: 600_000 },
  async ([, flags]) => {
    const services = await startServices();
    onTestFinished(() => services.close());
    const directory = await standaloneApp(flags);
    const port = await freePort();
    const server = spawn(process.execPath, ["server.js"], {
      cwd: directory,
      env: { ...CLEAN_ENVIRONMENT, ...services.env, PORT: String(port), HOSTNAME: "127.0.0.1" },
      stdio: "ignore",
    });
    onTestFinished(() => void server.kill("SIGKILL"));

    const response = await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/report`), {
      timeout: 120_000,
      interval: 200,
    });

    expect(await response.json()).toEqual(services.expected);
  },
);
