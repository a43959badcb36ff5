import type { BenchProject } from "./project.js";

/** One start of a process, in milliseconds since its start. */
interface Start {
  /** When everything was imported. */
  readonly imported: number;
  /** When the first credentials were there. */
  readonly done: number;
}

export type StartMoment = keyof Start;

export type Starts = Readonly<Record<StartMoment, readonly number[]>>;

const REPORT = `
console.log(JSON.stringify({ imported, done: performance.now() }));
process.exit();`;

type Imports = readonly (readonly [names: string, from: string])[];

const S3: Imports = [["{ S3Client }", "@aws-sdk/client-s3"]];
const OURS: Imports = [["{ fromInstanceRole }", "ec2-role-credentials"]];
const SDK: Imports = [["{ fromInstanceMetadata }", "@smithy/credential-provider-imds"]];

const inClient = (provider: string) =>
  `await new S3Client({ region: "us-east-1", credentials: ${provider} }).config.credentials();`;

export type StartKind = "nothing" | "ours" | "sdk" | "s3WithOurs" | "s3WithSdk";

/** What is imported, and what is called. */
const KINDS: Readonly<Record<StartKind, readonly [Imports, string]>> = {
  nothing: [[], ""],
  ours: [OURS, "await fromInstanceRole()();"],
  sdk: [SDK, "await fromInstanceMetadata()();"],
  s3WithOurs: [[...S3, ...OURS], inClient("fromInstanceRole()")],
  s3WithSdk: [[...S3, ...SDK], inClient("fromInstanceMetadata()")],
};

function program([imports, call]: readonly [Imports, string]): string {
  const lines = imports.map(([names, from]) => `import ${names} from "${from}";`);
  return [...lines, "const imported = performance.now();", call, REPORT].join("\n");
}

/** Starts processes of every kind in turn, and gives the series of each. */
export async function measureStarts(
  project: BenchProject,
  endpoint: string,
  rounds: number,
): Promise<ReadonlyMap<StartKind, Starts>> {
  const kinds = Object.keys(KINDS) as StartKind[];
  const series = new Map<StartKind, Record<keyof Start, number[]>>();
  for (const kind of kinds) {
    project.write(`start-${kind}.mjs`, program(KINDS[kind]));
    series.set(kind, { imported: [], done: [] });
    // Brings the files into the page cache.
    await project.run(`start-${kind}.mjs`, { endpoint });
  }
  for (let round = 0; round < rounds; round++) {
    const turn = round % kinds.length;
    for (const kind of [...kinds.slice(turn), ...kinds.slice(0, turn)]) {
      const start = await project.run<Start>(`start-${kind}.mjs`, { endpoint });
      const into = series.get(kind);
      into?.imported.push(start.imported);
      into?.done.push(start.done);
    }
  }
  return series;
}
