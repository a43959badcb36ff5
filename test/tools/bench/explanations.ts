import { markdownTable } from "../../support/markdown.js";
import type { Measurements } from "./measure.js";
import { ratio } from "./statistics.js";
import { startRatio } from "./table.js";

const figure = (value: number): string => `${value.toFixed(2)} x`;

/** Why things are as they are, with the figures of the run. */
export function explanations(measured: Measurements): string {
  return [cold(measured), warm(measured), size(measured)].join("\n\n");
}

function cold(measured: Measurements): string {
  const ways = [
    ["ours", "as it is: dependencies, loaded by `require` when first needed"],
    ["imported", "dependencies, loaded by `import()`"],
    ["bundled", "bundled and tree-shaken"],
    ["withoutSdk", "no package of the SDK: `node:http` itself, and no loader where there is no config file"],
  ] as const;
  const table = markdownTable(
    ["process start to first credentials, alone", "time", "processor time"],
    ways.map(([scene, name]) => [
      name,
      `${figure(startRatio(measured, scene, "smithy", "done").median)} smithy`,
      `${figure(startRatio(measured, scene, "smithy", "cpu").median)} smithy`,
    ]),
  );
  const beside = (scene: "s3WithOurs" | "s3WithBundled") =>
    figure(startRatio(measured, scene, "s3WithSmithy", "done").median);
  const commonJs = figure(startRatio(measured, "ours in CommonJS", "smithy in CommonJS", "done").median);
  const commonJsCpu = figure(startRatio(measured, "ours in CommonJS", "smithy in CommonJS", "cpu").median);
  return `## A process that starts

${table}

Of the two, processor time is the steadier: it does not count what other processes of the machine were doing.

The SDK's packages stay dependencies, and so npm brings their security fixes. The third way between that and bundling
is how they are loaded. They are CommonJS, and Node, when it imports such a file, scans it and all that it requires for
the names of its exports before it runs it: the same files take about three times as long by \`import()\` as by \`require\`. So the ES
module build requires them too (\`src/runtime/load-package.ts\`) and imports them only in a bundle, where nothing can be
required. Beside an S3 client, which is how nearly everybody uses the library, they are all loaded
already, and it comes to ${beside("s3WithOurs")} smithy; bundled it would be ${beside("s3WithBundled")}, a second copy of what is there. What is left of a
difference is a file more to read, code that runs for the first time, and the spread of such starts.

What remains, alone, is the handler: requiring it loads \`node:http2\` and \`node:https\`, which IMDS never needs, and by way of
\`@smithy/core/serde\` all of \`@smithy/core/config\`, \`client\`, \`schema\`, \`endpoints\` and \`protocols\`. smithy's provider
loads the same parts of \`@smithy/core\`, but imports them when it is imported, and does without the handler and HTTP/2. From CommonJS, where
smithy's provider is spared the scan as well, the ratio is ${commonJs} (processor time ${commonJsCpu}). Also tried: the library as one file (no difference), minified (none), the handler's single ES module by a deep path (Node
does not load it: its own imports are for bundlers). To load the config package only where there is a config file would save nothing: the handler
loads it by itself. A compile cache is the application's to
switch on (Node 22 and later), not a library's. The last line of the table is the floor: only requests of our own reach it.`;
}

function warm({ loads }: Measurements): string {
  const share = (load: keyof typeof loads) => figure(ratio(loads[load], loads.plain).median);
  const ofSmithy = (load: keyof typeof loads) => figure(ratio(loads[load], loads.smithyReload).median);
  return `## A load in a warm process

First credentials take ${share("oursFirst")} the time of three plain requests; the same three by the SDK's handler ${share("bareHandler")}, this library
without any package of the SDK ${share("withoutSdkFirst")}. What is on top is spread thin, a profile shows no part of it above 2 %: deadline, retries and body
cap of each request; environment and options put together; the cache that is set up; and three times as much garbage. Tried, and in:
what a transport is made of looked up once instead of for each request; loaded packages kept instead of required again, which
asks the file system; the shared config files opened only where there are any, as having the thread pool fail to open them took a tenth of
a load; no error made, with its stack, for a body that was read whole; no \`AbortController\` for an attempt, as the handler takes
less (a tenth of a load). Not in: the SDK's own cache of config
files, with which a file that cannot be read for a moment counts as empty for good.

A reload is one request over a new connection, against three over an idle one that smithy's provider finds in Node's
global agent: ${ofSmithy("oursReload")} its time on loopback, where making and closing a connection costs more than a request. A single plain
request on a new connection takes ${ofSmithy("plainReload")} already, and this library without any package of the SDK ${ofSmithy("withoutSdkReload")}. Each millisecond
that an IMDS takes to answer is spent once here and three times there. Keeping an idle connection would make it
faster still, and is ruled out: no socket is left behind after a look.`;
}

function size({ packedBytes, minified }: Measurements): string {
  const table = markdownTable(
    ["part of `.`, minified", "share"],
    minified.parts.map(([part, share]) => [part, `${Math.round(share * 100)} %`]),
  );
  return `## Sizes

Packed, ${(packedBytes / 1000).toFixed(0)} kB, a good part of it source maps. Minified and gzipped, \`.\` is ${(minified.gzippedBytes / 1000).toFixed(1)} kB:

${table}

A quarter of it, gzipped, is text: the errors' hints, the names of variables and keys, what an option may be. p-retry is 1.2 kB,
most of it checks of options that are never given here. Tried: other minifiers (esbuild, Rolldown and terser come within 2 % of
one another); tables in the place of switches (0.1 kB, and in); is-network-error replaced by an empty file, as none of the errors here
is one of \`fetch\` (0.3 kB, and not worth a build that differs from its source); shorter hints (each is some 40 bytes, and is what a
user reads when nothing works). What is left is the
library itself; a retry loop of our own in the place of p-retry would take off another 1 kB.`;
}
