/** A way in which Node's own requests come to go through a proxy. */
export interface ProxyWay {
  readonly title: string;
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What the application does, with `http` and `https` loaded and the proxy's URL in `HTTP_PROXY`. */
  readonly application: string;
}

/** What a Node binary knows about proxies. */
export interface ProxySkills {
  readonly environment: boolean;
  readonly globalSetter: boolean;
}

/** Source of a program that prints the {@link ProxySkills} of the Node that runs it. */
export const ASK_SKILLS: string = `
  const environment = process.allowedNodeEnvironmentFlags.has("--use-env-proxy");
  const globalSetter = typeof require("node:http").setGlobalProxyFromEnv === "function";
  console.log(JSON.stringify({ environment, globalSetter }));
`;

const ENVIRONMENT: ProxyWay = {
  title: "NODE_USE_ENV_PROXY=1",
  flags: [],
  env: { NODE_USE_ENV_PROXY: "1" },
  application: "",
};

/** Works on every Node: its connections lead to the proxy, whatever host they are asked for. */
const REPLACED_AGENT: ProxyWay = {
  title: "a global agent that the application has replaced",
  flags: [],
  env: { NODE_USE_ENV_PROXY: "1" },
  application: `
    const proxy = new URL(process.env.HTTP_PROXY);
    class ProxyAgent extends http.Agent {
      createConnection(options, done) {
        return super.createConnection({ ...options, host: proxy.hostname, port: Number(proxy.port) }, done);
      }
    }
    http.globalAgent = new ProxyAgent({ keepAlive: true });
    https.globalAgent = http.globalAgent;
  `,
};

/** The ways that this Node's plain requests must take to the proxy. */
export function waysOf({ environment, globalSetter }: ProxySkills): readonly ProxyWay[] {
  const none = { flags: [], env: {}, application: "" };
  return [
    REPLACED_AGENT,
    ...(environment
      ? [
          ENVIRONMENT,
          { ...none, title: "--use-env-proxy", flags: ["--use-env-proxy"] },
          {
            ...none,
            title: "a global agent with the proxies of the environment",
            application: "http.globalAgent = new http.Agent({ proxyEnv: process.env });",
          },
        ]
      : []),
    ...(globalSetter
      ? [{ ...none, title: "setGlobalProxyFromEnv", application: "http.setGlobalProxyFromEnv();" }]
      : []),
  ];
}

/** Node before 22.21 does not look at the variable: nothing to protect from, but nothing to break either. */
export const IGNORED_ENVIRONMENT: ProxyWay = {
  ...ENVIRONMENT,
  title: "NODE_USE_ENV_PROXY=1, which it ignores",
};

const NAMES = "{ fromInstanceRole, instanceRegion, InstanceMetadataClient }";
const LOADING = {
  mjs: {
    node: 'import http from "node:http"; import https from "node:https";',
    library: `const ${NAMES} = await import("ec2-role-credentials");`,
  },
  cjs: {
    node: 'const http = require("node:http"); const https = require("node:https");',
    library: `const ${NAMES} = require("ec2-role-credentials");`,
  },
} as const;

/**
 * Source of a program that reads everything the library reads, then sends one plain request of Node's, the
 * control, to the same service.
 */
export function proxiedProgram(format: "mjs" | "cjs", { application }: ProxyWay): string {
  const { node, library } = LOADING[format];
  return `
    ${node}
    ${application}
    ${library}
    const endpoint = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
    async function main() {
      const provider = fromInstanceRole();
      const { accessKeyId } = await provider();
      await provider({ forceRefresh: true });
      const region = await instanceRegion()();
      const instanceId = await new InstanceMetadataClient().instanceId();
      const control = await new Promise((resolve, reject) => {
        http.get(endpoint + "/control", (response) => {
          let body = "";
          response.on("data", (chunk) => { body += chunk; }).on("end", () => resolve(body));
        }).on("error", reject);
      });
      console.log(JSON.stringify({ accessKeyId, region, instanceId, control }));
      http.globalAgent.destroy();
    }
    main();
  `;
}
