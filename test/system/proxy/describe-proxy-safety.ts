import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createMockImds } from "../../../src/testing/index.js";
import { run } from "../../support/child-process.js";
import { consumerProject } from "../../support/packed-package.js";
import {
  ASK_SKILLS,
  IGNORED_ENVIRONMENT,
  type ProxySkills,
  type ProxyWay,
  proxiedProgram,
  waysOf,
} from "./proxied-program.js";
import { startRecordingProxy } from "./recording-proxy.js";

const PROXY_VARIABLES = ["http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "npm_config_proxy"];
/** The first to ask builds and packs the package. */
const BUILD_MS = 120_000;
const CONTROL = "/control";

async function startServices() {
  const imds = createMockImds();
  const [listener, proxy] = await Promise.all([imds.listen(), startRecordingProxy()]);
  onTestFinished(async () => {
    await Promise.all([listener.close(), proxy.close()]);
  });
  return { imds, endpoint: listener.endpoint, proxy };
}

/** What the program prints that {@link proxiedProgram} writes. */
interface Report {
  readonly accessKeyId: string;
  readonly region: string;
  readonly instanceId: string;
  readonly control: string;
}

async function runProxied(
  node: string,
  project: string,
  { format, way, proxy, endpoint }: { format: "mjs" | "cjs"; way: ProxyWay; proxy: string; endpoint: string },
): Promise<Report> {
  const program = join(await mkdtemp(join(project, "program-")), `program.${format}`);
  await writeFile(program, proxiedProgram(format, way));
  const env: Record<string, string> = { ...way.env, AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint };
  for (const name of PROXY_VARIABLES) {
    env[name] = proxy;
    env[name.toUpperCase()] = proxy;
  }
  const { exitCode, stdout, stderr } = await run(node, [...way.flags, program], { env });
  if (exitCode !== 0) throw new Error(`the program ended with ${exitCode}\n${stderr}`);
  return JSON.parse(stdout);
}

/** The ways in which this Node may come to use a proxy. */
export async function skillsOf(node: string): Promise<ProxySkills> {
  const { stdout } = await run(node, ["-e", ASK_SKILLS]);
  return JSON.parse(stdout);
}

/** Tests of one Node: nothing of ours goes to a proxy, where a plain request of Node's does. */
export function describeProxySafety(title: string, node: string, skills: ProxySkills): void {
  describe(title, () => {
    let project = "";
    beforeAll(async () => {
      project = await consumerProject();
    }, BUILD_MS);

    const formats = ["mjs", "cjs"] as const;
    const cases = waysOf(skills).flatMap((way) => formats.map((format) => [way.title, format, way] as const));
    test.each(cases)("%s (%s): Node's own request goes to the proxy, ours do not", async (_, format, way) => {
      const { imds, endpoint, proxy } = await startServices();
      const report = await runProxied(node, project, { format, way, proxy: proxy.url, endpoint });
      expect(report).toEqual({
        accessKeyId: imds.credentials?.accessKeyId,
        region: "us-east-1",
        instanceId: "i-0a1b2c3d4e5f67890",
        control: "from the proxy",
      });
      // The whole URL, or its path where the agent does not say that it is a proxy that it talks to.
      expect(proxy.seen).toEqual([expect.stringMatching(/^GET (http:\/\/[\d.:]+)?\/control HTTP\/1\.1$/)]);
      expect(imds.requests.map(({ path }) => path)).not.toContain(CONTROL);
      expect(imds.requests.filter(({ step }) => step === "credentials")).toHaveLength(2);
    });

    if (skills.environment) return;
    test.each(formats)(
      "NODE_USE_ENV_PROXY=1 (%s), which this Node ignores, breaks nothing",
      async (format) => {
        const { imds, endpoint, proxy } = await startServices();
        const way = IGNORED_ENVIRONMENT;
        const { accessKeyId } = await runProxied(node, project, { format, way, proxy: proxy.url, endpoint });
        expect(accessKeyId).toBe(imds.credentials?.accessKeyId);
        expect(proxy.seen).toEqual([]);
        expect(imds.requests.map(({ path }) => path)).toContain(CONTROL);
      },
    );
  });
}
