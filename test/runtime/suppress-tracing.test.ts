import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, test } from "vitest";
import { suppressTracing } from "../../src/runtime/suppress-tracing.js";
import { failureOf } from "../support/failure.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { answer } from "../support/scripted-replies.js";
import { scriptedServer } from "../support/scripted-server.js";

const API = Symbol.for("opentelemetry.js.api.1");
const KEY = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

const registerApi = (api: unknown): void =>
  void Object.defineProperty(globalThis, API, { configurable: true, value: api });

afterEach(() => {
  Reflect.deleteProperty(globalThis, API);
});

/** The part of OpenTelemetry's context that is needed here, as its specification has it: immutable, and kept per async context. */
class Context {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown> = new Map()) {
    this.#values = values;
  }

  getValue = (key: symbol): unknown => this.#values.get(key);

  setValue = (key: symbol, value: unknown): Context => new Context(new Map([...this.#values, [key, value]]));
}

class ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? new Context();
  }

  with<T>(context: Context, work: () => T): T {
    return this.#storage.run(context, work);
  }
}

/** Whether tracing is suppressed where each HTTP request of this process is sent. */
function watchRequests(manager: ContextManager): {
  readonly suppressed: unknown[];
  [Symbol.dispose](): void;
} {
  const suppressed: unknown[] = [];
  const onStart = () => suppressed.push(manager.active().getValue(KEY));
  subscribe("http.client.request.start", onStart);
  return { suppressed, [Symbol.dispose]: () => void unsubscribe("http.client.request.start", onStart) };
}

describe("with a context manager of OpenTelemetry", () => {
  test("every request for metadata is sent with tracing suppressed, retries included", async () => {
    const context = new ContextManager();
    registerApi({ version: "1.9.0", context });
    using requests = watchRequests(context);
    await using imds = await scriptedServer({ role: [answer(500), answer(401)] });

    await failureOf(providerAt(imds)());
    await clientAt(imds).get("/latest/meta-data/instance-id");

    expect(imds.requests.length).toBeGreaterThan(5);
    expect(requests.suppressed).toEqual(imds.requests.map(() => true));
  });

  test("a caller's own context is what it was, before and after", async () => {
    const context = new ContextManager();
    registerApi({ version: "1.9.0", context });
    const mine = Symbol("mine");
    await using imds = await scriptedServer();

    const seen = await context.with(new Context().setValue(mine, "my span"), async () => {
      await providerAt(imds)();
      return [context.active().getValue(mine), context.active().getValue(KEY)];
    });

    expect(seen).toEqual(["my span", undefined]);
  });
});

describe("without one that works", () => {
  test.each([
    ["no OpenTelemetry in the process", undefined],
    ["an API without a context manager", { version: "1.9.0" }],
    ["an API that is null", null],
    ["a context manager of another kind", { version: "1.9.0", context: {} }],
    [
      "a context manager that throws",
      {
        context: {
          active: () => {
            throw new Error("broken");
          },
        },
      },
    ],
  ])("%s: credentials arrive all the same", async (_, api) => {
    registerApi(api);
    await using imds = await scriptedServer();
    expect(await providerAt(imds)()).toHaveProperty("accessKeyId");
  });

  test("an error of the work itself is thrown, and the work runs once", () => {
    registerApi({ context: new ContextManager() });
    let runs = 0;
    const work = () => {
      runs++;
      throw new Error("of the work");
    };
    expect(() => suppressTracing(work)).toThrow("of the work");
    expect(runs).toBe(1);
  });
});
