import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { failureOf } from "../support/failure.js";
import { SECRETS } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { answer, hang, inTinyPieces, issueToken, listRole } from "../support/scripted-replies.js";
import type { Reply, Step } from "../support/scripted-server.js";
import { scriptedServer } from "../support/scripted-server.js";

const STEPS: readonly Step[] = ["token", "role", "credentials", "metadata"];

describe("every request", () => {
  test("has the library and its version as its User-Agent", async () => {
    await using imds = await scriptedServer();
    await providerAt(imds)();
    await clientAt(imds).get("/latest/meta-data/hostname");
    expect(imds.requests).toHaveLength(5);
    for (const { headers } of imds.requests) {
      expect(headers["user-agent"]).toMatch(new RegExp(`^ec2-role-credentials/${manifest.version} `));
    }
  });

  test("has no X-Forwarded-For, which EC2 refuses, no body and no cookie", async () => {
    await using imds = await scriptedServer();
    await providerAt(imds)();
    await clientAt(imds).get("/latest/meta-data/hostname");
    for (const { headers } of imds.requests) {
      for (const name of [
        "x-forwarded-for",
        "forwarded",
        "via",
        "cookie",
        "authorization",
        "transfer-encoding",
      ])
        expect(headers).not.toHaveProperty(name);
      expect(headers["content-length"] ?? "0").toBe("0");
    }
  });

  test("names the host and port of the endpoint", async () => {
    await using imds = await scriptedServer();
    await providerAt(imds)();
    for (const { headers } of imds.requests) expect(headers.host).toBe(`127.0.0.1:${imds.port}`);
  });
});

describe("the endpoint", () => {
  test.each([
    ["", ""],
    ["/", ""],
    ["//", ""],
    ["/proxy", "/proxy"],
    ["/proxy/", "/proxy"],
    ["/a/b//", "/a/b"],
  ])("with %j at its end is joined with exactly one slash", async (end, base) => {
    await using imds = await scriptedServer();
    await providerAt({ endpoint: imds.endpoint + end })();
    expect(imds.requests.map(({ path }) => path)).toEqual([
      `${base}/latest/api/token`,
      `${base}/latest/meta-data/iam/security-credentials/`,
      `${base}/latest/meta-data/iam/security-credentials/app-role`,
    ]);
  });

  test("may be IPv6", async () => {
    await using imds = await scriptedServer({}, "::1");
    expect(imds.endpoint).toBe(`http://[::1]:${imds.port}`);
    expect((await providerAt(imds)()).accessKeyId).toBe(SECRETS.accessKeyId);
    expect(imds.requests[0]?.headers.host).toBe(`[::1]:${imds.port}`);
  });

  test("is named by errors, IPv6 too", async () => {
    await using imds = await scriptedServer({ token: [answer(403)] }, "::1");
    expect((await failureOf(providerAt(imds)())).message).toContain(`http://[::1]:${imds.port}`);
  });

  test("may be https: then nothing goes out in clear", async () => {
    const received: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (bytes: Buffer) => {
        received.push(bytes);
        socket.destroy();
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const error = await failureOf(providerAt({ endpoint: `https://127.0.0.1:${port}` }, { maxRetries: 0 })());
    server.close();
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "token" });
    // A TLS record of a handshake.
    expect(received[0]?.[0]).toBe(0x16);
  });

  test("that speaks http although the endpoint is https is an error, not a fallback", async () => {
    await using imds = await scriptedServer();
    const endpoint = imds.endpoint.replace("http:", "https:");
    const error = await failureOf(providerAt({ endpoint }, { maxRetries: 0 })());
    expect(["IMDS_UNREACHABLE", "INVALID_RESPONSE"]).toContain(error.code);
    expect(imds.trace).toEqual([]);
  });
});

describe("a redirect is not followed", () => {
  test.each(STEPS.flatMap((step) => [301, 302, 303, 307, 308].map((status) => ({ step, status }))))(
    "$status at the step $step",
    async ({ step, status }) => {
      await using elsewhere = await scriptedServer();
      const location = `${elsewhere.endpoint}/latest/api/token`;
      await using imds = await scriptedServer({ [step]: [answer(status, "", { location })] });
      const read =
        step === "metadata" ? clientAt(imds).get("/latest/meta-data/hostname") : providerAt(imds)();
      expect(await failureOf(read)).toMatchObject({ code: "SERVER_ERROR", step: step, statusCode: status });
      expect(imds.count(step)).toBe(1);
      expect(elsewhere.requests).toEqual([]);
    },
  );
});

describe("connections", () => {
  test("one serves a whole load", async () => {
    await using imds = await scriptedServer();
    await providerAt(imds)();
    expect(imds.requests.map(({ connection }) => connection)).toEqual([1, 1, 1]);
  });

  test("none is left open after a load", async () => {
    await using imds = await scriptedServer();
    await providerAt(imds)();
    await imds.allClosed();
    expect(imds.openConnections).toBe(0);
  });

  test("none is left open after a read", async () => {
    await using imds = await scriptedServer({ metadata: [inTinyPieces("some metadata")] });
    await Promise.all(Array.from({ length: 20 }, () => clientAt(imds).get("/latest/meta-data/hostname")));
    await imds.allClosed();
    expect(imds.openConnections).toBe(0);
  });

  test.each(STEPS)("none is left open after a failure at the step %s", async (step) => {
    await using imds = await scriptedServer({ [step]: [answer(403, "no")] });
    const read = step === "metadata" ? clientAt(imds).get("/latest/meta-data/hostname") : providerAt(imds)();
    await failureOf(read);
    await imds.allClosed();
  });

  test.each(STEPS)("none is left open after a timeout at the step %s", async (step) => {
    await using imds = await scriptedServer({ [step]: [hang] });
    const options = { timeout: 500, maxRetries: 0 };
    const read =
      step === "metadata"
        ? clientAt(imds, options).get("/latest/meta-data/hostname")
        : providerAt(imds, options)();
    await failureOf(read);
    await imds.allClosed();
  });

  test("that the service closes after each response are replaced", async () => {
    const andClose =
      (reply: Reply): Reply =>
      (exchange) => {
        exchange.response.setHeader("connection", "close");
        reply(exchange);
      };
    await using imds = await scriptedServer({ token: [andClose(issueToken)], role: [andClose(listRole())] });
    expect((await providerAt(imds)()).accessKeyId).toBe(SECRETS.accessKeyId);
    expect(imds.requests.map(({ connection }) => connection)).toEqual([1, 2, 3]);
  });

  test("are few at a time, however many reads there are", async () => {
    let most = 0;
    await using imds = await scriptedServer();
    imds.play("metadata", ({ response }) => {
      most = Math.max(most, imds.openConnections);
      setImmediate(() => response.end("x"));
    });
    const client = clientAt(imds);
    await Promise.all(Array.from({ length: 500 }, () => client.get("/latest/meta-data/hostname")));
    expect(most).toBeLessThanOrEqual(50);
  });
});
