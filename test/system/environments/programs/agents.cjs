// `agents.cjs AGENT HOME`: starts an agent, which patches `node:http`, and then loads credentials from a metadata
// service, and from an address where no connection can be made.

const { createRequire } = require("node:module");
const { join } = require("node:path");

const [agent, home] = process.argv.slice(2);
const load = createRequire(join(home, "package.json"));

const AGENTS = {
  none: () => {},
  openTelemetry: () => {
    const { NodeTracerProvider } = load("@opentelemetry/sdk-trace-node");
    const { HttpInstrumentation } = load("@opentelemetry/instrumentation-http");
    const { registerInstrumentations } = load("@opentelemetry/instrumentation");
    const tracerProvider = new NodeTracerProvider();
    tracerProvider.register();
    registerInstrumentations({ tracerProvider, instrumentations: [new HttpInstrumentation()] });
  },
  ddTrace: () => void load("dd-trace").init({ startupLogs: false }),
  xRay: () => {
    process.env.AWS_XRAY_CONTEXT_MISSING = "IGNORE_ERROR";
    load("aws-xray-sdk-core").captureHTTPsGlobal(require("node:http"));
  },
  /** Outside of a segment each request of the process throws. */
  strictXRay: () => {
    process.env.AWS_XRAY_CONTEXT_MISSING = "RUNTIME_ERROR";
    load("aws-xray-sdk-core").captureHTTPsGlobal(require("node:http"));
  },
};

AGENTS[agent]();
const { fromInstanceRole } = require("ec2-role-credentials");

const outcomeOf = async (provider) => {
  const start = performance.now();
  const outcome = await provider().then(
    ({ accessKeyId }) => ({ accessKeyId }),
    ({ name, code, attempts, step, message, cause }) => ({
      name,
      code,
      attempts,
      step,
      message,
      cause: cause?.message,
    }),
  );
  return { ...outcome, ms: performance.now() - start };
};

async function main() {
  const loaded = await outcomeOf(fromInstanceRole());
  const cutOff = await outcomeOf(fromInstanceRole({ endpoint: process.env.SILENT_ENDPOINT }));
  console.log(JSON.stringify({ loaded, cutOff }));
  // Agents have timers and connections of their own, which are no matter of this library.
  process.exit();
}

void main();
