import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { failureOf } from "../support/failure.js";
import { clientAt } from "../support/scripted-provider.js";
import { answer, dripBody, hang, issueToken, text } from "../support/scripted-replies.js";
import type { Reply, Step } from "../support/scripted-server.js";
import { scriptedServer } from "../support/scripted-server.js";

const PATH = "/latest/meta-data/hostname";
const REASON = new Error("the caller has changed their mind");

/** A reply, and when it is first requested. */
function announced(reply: Reply): { reply: Reply; asked: Promise<void> } {
  let tell = () => {};
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return {
    asked,
    reply: (exchange) => {
      tell();
      reply(exchange);
    },
  };
}

describe("the caller's signal", () => {
  test.each<[Step, string, Reply]>([
    ["token", "no answer", hang],
    ["metadata", "no answer", hang],
    ["metadata", "a body under way", dripBody],
    ["metadata", "a wait before the next attempt", answer(500)],
  ])("ends a read at the step %s during %s", async (step, _, reply) => {
    const { asked, reply: announcing } = announced(reply);
    await using imds = await scriptedServer({ [step]: [announcing] });
    const controller = new AbortController();
    const reading = clientAt(imds, { timeout: 3_600_000, maxRetries: 1000 }).get(PATH, {
      signal: controller.signal,
    });
    await asked;
    controller.abort(REASON);
    const error = await failureOf(reading);
    expect(error).toMatchObject({ code: "ABORTED", tryNextLink: false, cause: REASON });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("that is aborted already sends nothing", async () => {
    await using imds = await scriptedServer();
    const error = await failureOf(clientAt(imds).get(PATH, { signal: AbortSignal.abort(REASON) }));
    expect(error).toMatchObject({ code: "ABORTED", step: "metadata", attempts: 0, cause: REASON });
    expect(imds.trace).toEqual([]);
  });

  test("without a reason has the platform's", async () => {
    await using imds = await scriptedServer();
    const error = await failureOf(clientAt(imds).get(PATH, { signal: AbortSignal.abort() }));
    expect(error.cause).toMatchObject({ name: "AbortError" });
  });

  test("of AbortSignal.timeout works as well", async () => {
    await using imds = await scriptedServer({ metadata: [hang] });
    const error = await failureOf(clientAt(imds).get(PATH, { signal: AbortSignal.timeout(50) }));
    expect(error).toMatchObject({ code: "ABORTED", cause: { name: "TimeoutError" } });
  });

  test("ends one caller's wait for a token, not that of others", async () => {
    let issue = () => {};
    const { asked, reply } = announced((exchange) => {
      issue = () => issueToken(exchange);
    });
    await using imds = await scriptedServer({ token: [reply] });
    const client = clientAt(imds);
    const controller = new AbortController();
    const given = client.get(PATH, { signal: controller.signal });
    const kept = client.get(PATH);
    await asked;
    controller.abort();
    expect((await failureOf(given)).code).toBe("ABORTED");
    issue();
    expect(await kept).toBe("some metadata");
    expect(imds.count("token")).toBe(1);
  });

  test.each([1, 3])("ends the token's PUT when no read waits for it any more: %i reads", async (readers) => {
    const { asked, reply } = announced(hang);
    await using imds = await scriptedServer({ token: [reply, issueToken] });
    const client = clientAt(imds, { timeout: 3_600_000 });
    const controllers = Array.from({ length: readers }, () => new AbortController());
    const reads = controllers.map(({ signal }) => failureOf(client.get(PATH, { signal })));
    await asked;
    for (const controller of controllers) controller.abort();
    for (const read of reads) expect((await read).code).toBe("ABORTED");
    await imds.allClosed();
    expect(await client.get(PATH)).toBe("some metadata");
    expect(imds.steps).toEqual(["token", "token", "metadata"]);
  });

  test("of a PUT that was ended does not end the next one", async () => {
    let issue = () => {};
    const first = announced(hang);
    const second = announced((exchange) => {
      issue = () => issueToken(exchange);
    });
    await using imds = await scriptedServer({ token: [first.reply, second.reply] });
    const client = clientAt(imds, { timeout: 3_600_000 });
    const controller = new AbortController();
    const given = client.get(PATH, { signal: controller.signal });
    await first.asked;
    controller.abort();
    const early = client.get(PATH);
    expect((await failureOf(given)).code).toBe("ABORTED");
    await second.asked;
    const late = client.get(PATH);
    issue();
    expect(await Promise.all([early, late])).toEqual(["some metadata", "some metadata"]);
    expect(imds.count("token")).toBe(2);
  });

  test("ends a read that waits for its turn", async () => {
    let answering = 0;
    let full = () => {};
    const manyUnderWay = new Promise<void>((resolve) => {
      full = resolve;
    });
    await using imds = await scriptedServer({
      metadata: [
        () => {
          // Fewer are let through at once than are asked for below.
          if (++answering === 16) full();
        },
      ],
    });
    const client = clientAt(imds, { timeout: 3_600_000 });
    const others = Array.from({ length: 100 }, () => new AbortController());
    const many = others.map(({ signal }) => client.get(PATH, { signal }).catch(() => {}));
    await manyUnderWay;
    const stopOne = new AbortController();
    const last = client.get(PATH, { signal: stopOne.signal });
    setImmediate(() => stopOne.abort(REASON));
    expect(await failureOf(last)).toMatchObject({ code: "ABORTED", cause: REASON });
    for (const other of others) other.abort();
    await Promise.all(many);
    imds.play("metadata", text("free again"));
    expect(await client.get(PATH)).toBe("free again");
  });

  test("has no listener left after a read that succeeded", async () => {
    await using imds = await scriptedServer();
    const { signal } = new AbortController();
    await clientAt(imds).get(PATH, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test.each<[string, Step, Reply]>([
    ["while they wait for a token", "token", hang],
    ["while they are sent", "metadata", hang],
    ["while they wait for a retry", "metadata", answer(500)],
  ])("of many reads at once causes no warning of Node's, %s", async (_, step, reply) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on("warning", onWarning);
    const { asked, reply: announcing } = announced(reply);
    await using imds = await scriptedServer({ [step]: [announcing] });
    const client = clientAt(imds, { timeout: 3_600_000, maxRetries: 100 });
    const controller = new AbortController();
    const { signal } = controller;
    const reads = Array.from({ length: 40 }, () => failureOf(client.get(PATH, { signal })));
    const bytes = Array.from({ length: 40 }, () => failureOf(client.getBytes(PATH, { signal })));
    await asked;
    if (step === "metadata") await vi.waitUntil(() => imds.count("metadata") >= 16, { timeout: 60_000 });
    controller.abort(REASON);
    for (const error of await Promise.all([...reads, ...bytes])) expect(error.code).toBe("ABORTED");
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
