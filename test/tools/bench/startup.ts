import { hasOwnNetwork } from "./namespace.js";
import { VARIANTS, type Workshop } from "./workspace.js";

/** One start of a process, in milliseconds since its start. */
interface Start {
  /** When everything was imported. */
  readonly imported: number;
  /** When the first credentials were there. */
  readonly done: number;
  /** Processor time of all its threads until then. */
  readonly cpu: number;
}

export type Starts = Readonly<Record<"imported" | "done" | "cpu", readonly number[]>>;

const REPORT = `
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ imported, done: performance.now(), cpu: (user + system) / 1000 }));
process.exit();`;

type Format = "mjs" | "cjs";
type Imports = readonly (readonly [names: string, from: string])[];

function program(format: Format, imports: Imports, call: string): string {
  const lines = imports.map(([names, from]) =>
    format === "mjs" ? `import ${names} from "${from}";` : `const ${names} = require("${from}");`,
  );
  const body = `const imported = performance.now();\n${call}\n${REPORT}`;
  return `${lines.join("\n")}\n${format === "mjs" ? body : `(async () => {\n${body}\n})();`}\n`;
}

const S3: Imports = [["{ S3Client }", "@aws-sdk/client-s3"]];
const inClient = (provider: string) =>
  `await new S3Client({ region: "us-east-1", credentials: ${provider} }).config.credentials();`;

const OURS: Imports = [["{ fromInstanceRole }", "ec2-role-credentials"]];
const SMITHY: Imports = [["{ fromInstanceMetadata }", "@smithy/credential-provider-imds"]];
const ourVariant = (name: keyof typeof VARIANTS): Imports => [["{ fromInstanceRole }", VARIANTS[name]]];

const CRT_CALL = `
const provider = crt.auth.AwsCredentialsProvider.newDefault(new crt.io.ClientBootstrap());
const request = new crt.http.HttpRequest("GET", "/", new crt.http.HttpHeaders([["host", "localhost"]]));
const { AwsSigningAlgorithm, AwsSignatureType } = crt.auth;
await crt.auth.aws_sign_request(request, {
  algorithm: AwsSigningAlgorithm.SigV4, signature_type: AwsSignatureType.HttpRequestViaHeaders,
  provider, region: "us-east-1", service: "s3",
});`;

type SceneName =
  | "nothing"
  | "http"
  | "plain"
  | "ours"
  | "smithy"
  | "credentialProviders"
  | "metadataService"
  | "crt"
  | "s3"
  | "s3WithOurs"
  | "s3WithSmithy"
  | "imported"
  | "bundled"
  | "withoutSdk"
  | "s3WithBundled";

/** Every way to start, in one format: what is imported, and what is called. */
const SCENES: Readonly<Record<SceneName, readonly [Imports, string]>> = {
  nothing: [[], ""],
  http: [[["* as http", "node:http"]], ""],
  plain: [[["{ plainLoad }", "./plain-load.mjs"]], "await plainLoad();"],
  ours: [OURS, "await fromInstanceRole()();"],
  smithy: [SMITHY, "await fromInstanceMetadata()();"],
  credentialProviders: [
    [["{ fromInstanceMetadata }", "@aws-sdk/credential-providers"]],
    "await fromInstanceMetadata()();",
  ],
  metadataService: [
    [["{ MetadataService }", "@aws-sdk/ec2-metadata-service"]],
    `const service = new MetadataService({}); const list = "/latest/meta-data/iam/security-credentials/";
     await service.request(list + (await service.request(list, {})).trim(), {});`,
  ],
  crt: [[["* as crt", "aws-crt"]], CRT_CALL],
  s3: [S3, ""],
  s3WithOurs: [[...S3, ...OURS], inClient("fromInstanceRole()")],
  s3WithSmithy: [[...S3, ...SMITHY], inClient("fromInstanceMetadata()")],
  imported: [ourVariant("imported"), "await fromInstanceRole()();"],
  bundled: [ourVariant("bundled"), "await fromInstanceRole()();"],
  withoutSdk: [ourVariant("plain"), "await fromInstanceRole()();"],
  s3WithBundled: [[...S3, ...ourVariant("bundled")], inClient("fromInstanceRole()")],
};

export type Scene = SceneName | "ours in CommonJS" | "smithy in CommonJS";

function scenes(): [Scene, string, string][] {
  const all = Object.entries(SCENES).map(([name, [imports, call]]): [Scene, string, string] => [
    name as SceneName,
    `start-${name}.mjs`,
    program("mjs", imports, call),
  ]);
  return [
    ...all.filter(([name]) => name !== "crt" || hasOwnNetwork()),
    ["ours in CommonJS", "start-ours.cjs", program("cjs", ...SCENES.ours)],
    ["smithy in CommonJS", "start-smithy.cjs", program("cjs", ...SCENES.smithy)],
  ];
}

/** Starts processes of every kind in turn, and gives the series of each. */
export async function measureStarts(
  workshop: Workshop,
  endpoint: string,
  rounds: number,
): Promise<ReadonlyMap<Scene, Starts>> {
  const all = scenes();
  const series = new Map<Scene, Record<keyof Start, number[]>>();
  for (const [scene, name, source] of all) {
    workshop.write(name, source);
    series.set(scene, { imported: [], done: [], cpu: [] });
    // Brings the files into the page cache.
    await workshop.run(name, { endpoint });
  }
  for (let round = 0; round < rounds; round++) {
    const turn = round % all.length;
    for (const [scene, name] of [...all.slice(turn), ...all.slice(0, turn)]) {
      const start = await workshop.run<Start>(name, { endpoint });
      const into = series.get(scene);
      into?.imported.push(start.imported);
      into?.done.push(start.done);
      into?.cpu.push(start.cpu);
    }
  }
  return series;
}
