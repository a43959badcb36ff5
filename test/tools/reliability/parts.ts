/** One part of what `docs/reliability.md` tells: a command, and what its figures mean. */
export interface Part {
  readonly name: string;
  readonly title: string;
  /** As a user types it. */
  readonly command: string;
  readonly about: string;
  /** The tables that the command hands over, in order, each with what stands above it. */
  readonly tables: readonly { readonly file: string; readonly above: string }[];
  /** Whether the command runs tests whose names tell what was tried. */
  readonly names?: true;
  readonly below?: string;
}

export const PARTS: readonly Part[] = [
  {
    name: "fault-matrix",
    title: "Fault matrix",
    command: "npx vitest run test/system/fault-matrix",
    about: `Every step of a load meets every fault, over real sockets: at its first attempt, at every attempt, after a good
load, without retries, with IMDSv1 allowed, with a role name given. What a cell must end in, and which requests it may make, is
worked out from the documented behaviour by an oracle that shares no code with the library. No cell may take twice what its
attempts may take together, leave a connection open, or show a secret.`,
    tables: [
      { file: "fault-matrix", above: "" },
      { file: "fault-matrix-codes", above: "What a first load ends in when every attempt meets the fault:" },
    ],
  },
  {
    name: "fuzz",
    title: "Fuzzing",
    command: "npm run fuzz",
    about: `Random bytes, headers, status lines, near-documents and role lists as answers; random environment values and config
files as settings. Each case must end in a typed error without a secret or in credentials that can be used, must send requests to no
other path, and the next good answer must work.`,
    tables: [
      { file: "fuzz-answers", above: "" },
      { file: "fuzz-settings", above: "" },
    ],
  },
  {
    name: "gateway",
    title: "A real S3 with real temporary credentials",
    command: "npm run test:e2e",
    about: `Ceph's object gateway with STS, from Debian's packages. The mocked metadata service hands on real sets from a
real \`AssumeRole\`; a real S3 client uses them.`,
    tables: [],
    names: true,
  },
  {
    name: "processes",
    title: "Processes",
    command: "npm run test:hostile",
    about:
      "Child processes that use the packed package, while they or the metadata server are stopped, killed, starved or crowded.",
    tables: [],
    names: true,
  },
  {
    name: "networks",
    title: "Networks",
    command: "npm run test:network",
    about: "Network namespaces with routers, packet loss and the response hop limit as it really looks.",
    tables: [],
    names: true,
  },
  {
    name: "proxies",
    title: "Proxies",
    command: "npm run test:proxy",
    about: `Node 20, 22, 24 and 26 with \`NODE_USE_ENV_PROXY=1\`, every proxy variable set, and a global agent that the application
replaced. Each case has a control in which plain \`node:http\` does reach the proxy.`,
    tables: [],
    names: true,
  },
  {
    name: "secrets",
    title: "Secrets",
    command: "npx vitest run test/system/secrets",
    about: `Every way of success and failure is gone through, with secrets that are known to the test, and all that an application
could log is written down: \`inspect\` with hidden properties, JSON, clones, log lines, events. The search finds planted leaks first.`,
    tables: [],
    names: true,
  },
  {
    name: "soak",
    title: "Soak",
    command: "npm run soak -- --minutes 15 --svg docs/soak.svg",
    about: `Fifty S3 clients on one provider, over real sockets; a new set every two seconds, and one metadata request in twenty
made to fail. No call may fail, none may wait for credentials, and the heap, collected, must stay flat.`,
    tables: [{ file: "soak", above: "" }],
    below: "![Time left, looks, faults and S3 calls in the last minute](./soak.svg)",
  },
  {
    name: "mutants",
    title: "Mutation testing",
    command: "npm run mutants",
    about: `Stryker changes the cache, the policy, the parsing of documents, the token and the mapping of errors, one change at a
time, texts aside; a test must notice each.`,
    tables: [
      { file: "mutants", above: "" },
      { file: "mutants-survivors", above: "Those that nobody noticed, looked at one by one:" },
    ],
  },
];
