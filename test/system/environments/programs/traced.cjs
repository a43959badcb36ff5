// An application that is traced with OpenTelemetry: `traced.cjs HOME [mjs|cjs]`, HOME with OpenTelemetry's packages.
// It prints the spans that were made and whether the library disturbed its own.

const { createRequire } = require("node:module");
const { join } = require("node:path");

const [home, format] = process.argv.slice(2);
const load = createRequire(join(home, "package.json"));
const api = load("@opentelemetry/api");
const { NodeTracerProvider } = load("@opentelemetry/sdk-trace-node");
const { InMemorySpanExporter, SimpleSpanProcessor } = load("@opentelemetry/sdk-trace-base");
const { HttpInstrumentation } = load("@opentelemetry/instrumentation-http");
const { registerInstrumentations } = load("@opentelemetry/instrumentation");

const exporter = new InMemorySpanExporter();
const processor = new SimpleSpanProcessor(exporter);
const tracerProvider = new NodeTracerProvider({ spanProcessors: [processor] });
// Before 2.0.
if (typeof tracerProvider.addSpanProcessor === "function") tracerProvider.addSpanProcessor(processor);
tracerProvider.register();
registerInstrumentations({ tracerProvider, instrumentations: [new HttpInstrumentation()] });

const http = require("node:http");
const { subscribe } = require("node:diagnostics_channel");

/** A request of the application's own, to the same server. */
const ask = (path) =>
  new Promise((resolve, reject) => {
    http
      .get(process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT + path, (response) =>
        response.resume().once("end", resolve),
      )
      .once("error", reject);
  });

const loadLibrary = () =>
  format === "mjs" ? import("ec2-role-credentials") : require("ec2-role-credentials");

async function main() {
  const { fromInstanceRole, InstanceMetadataClient, instanceRegion, REFRESH_CHANNEL } = await loadLibrary();
  const activeInEvents = [];
  subscribe(REFRESH_CHANNEL, () =>
    activeInEvents.push(api.trace.getSpan(api.context.active()) !== undefined),
  );
  const tracer = api.trace.getTracer("application");
  const provider = fromInstanceRole();
  const work = tracer.startSpan("work");
  const activeSpans = await api.context.with(api.trace.setSpan(api.context.active(), work), async () => {
    const active = () => api.trace.getSpan(api.context.active()) === work;
    await ask("/before");
    await provider();
    const afterLoad = active();
    await Promise.all([instanceRegion()(), new InstanceMetadataClient().instanceId()]);
    await provider({ forceRefresh: true });
    const afterRefresh = active();
    await ask("/after");
    return { afterLoad, afterRefresh };
  });
  work.end();
  await ask("/outside");
  const error = await fromInstanceRole({ endpoint: "http://127.0.0.1:9" })().catch((reason) => reason);
  const spans = exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    kind: api.SpanKind[span.kind],
    url: span.attributes["http.url"] ?? span.attributes["url.full"],
    inWork: span.spanContext().traceId === work.spanContext().traceId,
  }));
  console.log(JSON.stringify({ spans, activeSpans, code: error.code }));
}

void main();
