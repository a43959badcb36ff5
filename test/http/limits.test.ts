import { describe, expect, test } from "vitest";
import { failureOf } from "../support/failure.js";
import { ROLE, roleDocument } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { answer, dripBody, dripHeaders, hang, text } from "../support/scripted-replies.js";
import type { Exchange, Reply, Step } from "../support/scripted-server.js";
import { scriptedServer } from "../support/scripted-server.js";
import { serviceApart, silentPort } from "../support/silent-port.js";

const STEPS: readonly Step[] = ["token", "role", "credentials", "metadata"];
const KIB = 1024;
const PATH = "/latest/meta-data/hostname";

/** Does what comes as far as `step`. */
const reach = (
  step: Step,
  imds: { endpoint: string },
  options: { timeout?: number; maxRetries?: number } = {},
) => (step === "metadata" ? clientAt(imds, options).get(PATH) : providerAt(imds, options)());

async function millisecondsOf(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return performance.now() - start;
}

test("the deadline is kept in a process in which nothing else happens", async () => {
  await using service = await serviceApart("");
  const timeout = 300;
  const failing = failureOf(providerAt(service, { timeout, maxRetries: 0 })());
  const ms = await millisecondsOf(failing);
  expect((await failing).code).toBe("IMDS_TIMEOUT");
  expect(ms).toBeLessThan(20 * timeout);
});

describe("the deadline of one attempt", () => {
  const rows = STEPS.flatMap((step) => [
    { step, what: "nothing", reply: hang },
    { step, what: "a header now and then", reply: dripHeaders },
    { step, what: "a byte now and then", reply: dripBody },
  ]);

  test.concurrent.each(rows)("ends one that gets $what at the step $step", async ({ step, reply }) => {
    const timeout = 400;
    await using imds = await scriptedServer({ [step]: [reply] });
    const ms = await millisecondsOf(failureOf(reach(step, imds, { timeout, maxRetries: 0 })));
    // Not before, as a timer may be a millisecond early, and not after many times as much.
    expect(ms).toBeGreaterThan(timeout - 2);
    expect(ms).toBeLessThan(20 * timeout);
  });

  /** Headers at four fifths of the deadline, and no body. */
  const lateHeaders =
    (timeout: number): Reply =>
    ({ response }) =>
      void setTimeout(() => response.writeHead(200, { "content-length": "9" }).flushHeaders(), timeout * 0.8);

  test.each([
    ["nothing", () => hang],
    ["headers late and no body", lateHeaders],
    ["a header now and then", () => dripHeaders],
    ["a byte now and then", () => dripBody],
  ])("is kept and not begun again for a response that brings %s, compared with a timer", async (_, reply) => {
    const timeout = 1000;
    await using imds = await scriptedServer({ token: [reply(timeout)] });
    const ratioToTimer = async () => {
      const timer = millisecondsOf(new Promise((resolve) => setTimeout(resolve, timeout)));
      const ms = await millisecondsOf(failureOf(reach("token", imds, { timeout, maxRetries: 0 })));
      return ms / (await timer);
    };
    const ratios = await Promise.all([ratioToTimer(), ratioToTimer(), ratioToTimer()]);
    // One that is twice as long, or begins again with the headers, is late each time; a busy machine is not.
    expect(Math.min(...ratios)).toBeLessThan(1.5);
    expect(Math.min(...ratios)).toBeGreaterThan(0.9);
  });

  test.concurrent("is one for each attempt", async () => {
    const timeout = 300;
    await using imds = await scriptedServer({ token: [dripBody] });
    const ms = await millisecondsOf(failureOf(reach("token", imds, { timeout, maxRetries: 2 })));
    expect(imds.count("token")).toBe(3);
    // Three attempts, and waits of at least 100 and 200 ms.
    expect(ms).toBeGreaterThan(3 * timeout + 300 - 5);
    expect(ms).toBeLessThan(40 * timeout);
  });

  test.concurrent("is a second by default", async () => {
    await using imds = await scriptedServer({ token: [hang] });
    const { endpoint } = imds;
    const { fromInstanceRole } = await import("../../src/index.js");
    const ms = await millisecondsOf(
      failureOf(fromInstanceRole({ endpoint, shared: false, maxRetries: 0 })()),
    );
    expect(ms).toBeGreaterThan(998);
    expect(ms).toBeLessThan(20_000);
  });

  test.concurrent("does not run while a read waits for its turn", async () => {
    await using imds = await scriptedServer();
    // Sixteen are sent at once. Each response takes about half of the deadline, so the third sixteen would miss it.
    imds.play("metadata", ({ response }) => void setTimeout(() => response.end("x"), 2500));
    const client = clientAt(imds, { timeout: 6000, maxRetries: 0 });
    const bodies = await Promise.all(Array.from({ length: 3 * 16 }, () => client.get(PATH)));
    expect(bodies).toHaveLength(3 * 16);
  });
});

describe("retries", () => {
  test.concurrent("are three by default, after waits of 100 ms doubling, each at most doubled again", async () => {
    await using imds = await scriptedServer({ token: [answer(500)] });
    const error = await failureOf(reach("token", imds));
    expect(error).toMatchObject({ code: "SERVER_ERROR", attempts: 4 });
    const at = imds.requests.map((request) => request.at);
    const waits = at.slice(1).map((time, i) => time - (at[i] ?? 0));
    expect(waits).toHaveLength(3);
    for (const [i, wait] of waits.entries()) expect(wait).toBeGreaterThan(100 * 2 ** i - 2);
  });

  test.concurrent.each([0, 1, 2])("are as many as maxRetries: %i", async (maxRetries) => {
    await using imds = await scriptedServer({ role: [answer(503)] });
    expect(await failureOf(reach("role", imds, { maxRetries }))).toMatchObject({ attempts: maxRetries + 1 });
    expect(imds.count("role")).toBe(maxRetries + 1);
  });
});

describe("a connection that cannot be made in time", () => {
  test("is tried twice at most, so that off EC2 a chain moves on", async () => {
    await using nowhere = await silentPort();
    const timeout = 300;
    const failing = failureOf(providerAt(nowhere, { timeout, maxRetries: 10 })());
    const ms = await millisecondsOf(failing);
    expect(await failing).toMatchObject({
      code: "IMDS_UNREACHABLE",
      step: "token",
      attempts: 2,
      tryNextLink: true,
    });
    expect(ms).toBeGreaterThan(2 * timeout - 4);
    expect(ms).toBeLessThan(20 * timeout);
  });

  test("is tried once with maxRetries: 0", async () => {
    await using nowhere = await silentPort();
    const error = await failureOf(providerAt(nowhere, { timeout: 300, maxRetries: 0 })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", attempts: 1 });
  });
});

describe("the cap on a body", () => {
  const document = JSON.stringify(roleDocument());
  const rows = [
    { step: "token", body: "the-token", cap: 64 * KIB },
    { step: "role", body: ROLE, cap: 64 * KIB },
    { step: "credentials", body: document, cap: 64 * KIB },
    { step: "metadata", body: "some metadata", cap: KIB * KIB },
  ] as const;

  test.each(rows)("at the step $step lets $cap bytes pass", async ({ step, body, cap }) => {
    await using imds = await scriptedServer({ [step]: [text(body.padEnd(cap))] });
    await reach(step, imds);
    expect(imds.count(step)).toBe(1);
  });

  test.each(rows)(
    "at the step $step refuses one byte more than $cap, at once",
    async ({ step, body, cap }) => {
      await using imds = await scriptedServer({ [step]: [text(body.padEnd(cap + 1))] });
      expect(await failureOf(reach(step, imds))).toMatchObject({
        code: "INVALID_RESPONSE",
        step: step,
        attempts: 1,
      });
      expect(imds.count(step)).toBe(1);
    },
  );

  test("counts bytes, not letters", async () => {
    await using imds = await scriptedServer({ metadata: [text("☃".repeat((KIB * KIB) / 2))] });
    expect((await failureOf(clientAt(imds).get(PATH))).code).toBe("INVALID_RESPONSE");
  });

  test.each(rows)("at the step $step makes an endless body stop being sent", async ({ step }) => {
    let taken = 0;
    let hungUp: Promise<unknown> = Promise.resolve();
    const block = Buffer.alloc(16 * KIB, "x");
    await using imds = await scriptedServer({
      [step]: [
        ({ socket }: Exchange) => {
          hungUp = new Promise((resolve) => socket.once("close", resolve));
          const pump = (error?: Error | null) => {
            if (error) return;
            taken += block.length;
            socket.write(block, pump);
          };
          socket.on("error", () => {}).write("HTTP/1.1 200 OK\r\n\r\n", pump);
        },
      ],
    });
    expect(await failureOf(reach(step, imds))).toMatchObject({ code: "INVALID_RESPONSE", attempts: 1 });
    await hungUp;
    // What the system's own buffers on the way may hold, and no more.
    expect(taken).toBeLessThan(32 * KIB * KIB);
  });

  test("keeps memory small while bodies without an end arrive", async () => {
    const flood = "x".repeat(256 * KIB);
    await using imds = await scriptedServer({
      metadata: [
        ({ response }) => {
          const pump = () => {
            while (!response.destroyed && response.write(flood));
          };
          response.on("drain", pump);
          pump();
        },
      ],
    });
    const client = clientAt(imds);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let i = 0; i < 20; i++) {
      await failureOf(client.get(PATH));
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    // Twenty bodies that were read to any length would be far more.
    expect(most).toBeLessThan(200 * KIB * KIB);
  });
});
