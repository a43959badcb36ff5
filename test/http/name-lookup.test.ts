import dns from "node:dns";
import { afterEach, describe, expect, test, vi } from "vitest";
import { failureOf } from "../support/failure.js";
import { SECRETS } from "../support/role-document.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { scriptedServer } from "../support/scripted-server.js";

afterEach(() => {
  vi.restoreAllMocks();
});

type Done = (error: Error | null, addresses?: dns.LookupAddress[]) => void;

/** What a name server says, one entry a lookup; the last one for all that follow. */
function nameServer(...answers: readonly (string | Error | "silence")[]) {
  let nth = 0;
  return vi.spyOn(dns, "lookup").mockImplementation(((_name: string, _options: object, done: Done) => {
    const answer = answers[Math.min(nth++, answers.length - 1)];
    if (answer === "silence") return;
    if (answer instanceof Error) done(answer);
    else done(null, [{ address: answer ?? "", family: 4 }]);
  }) as never);
}

const failure = (code: string) => Object.assign(new Error(`getaddrinfo ${code} localhost`), { code });
const named = ({ port }: { port: number }) => ({ endpoint: `http://localhost:${port}` });

describe("the endpoint's name", () => {
  test("is resolved for each connection that a caller waits for", async () => {
    await using imds = await scriptedServer();
    const lookup = nameServer("127.0.0.1");
    const client = clientAt(named(imds));
    await client.get("/latest/meta-data/hostname");
    await client.get("/latest/meta-data/hostname");
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  test("is looked up again if the name server did not answer (EAI_AGAIN)", async () => {
    await using imds = await scriptedServer();
    const lookup = nameServer(failure("EAI_AGAIN"), failure("EAI_AGAIN"), "127.0.0.1");
    expect((await providerAt(named(imds))()).accessKeyId).toBe(SECRETS.accessKeyId);
    expect(lookup).toHaveBeenCalledTimes(3);
  });

  test.each([
    ["EAI_AGAIN", 2],
    ["ENOTFOUND", 1],
    ["EAI_FAIL", 1],
    ["ENODATA", 1],
  ])("that ends in %s for ever is IMDS_UNREACHABLE after %i attempts of 2", async (code, attempts) => {
    nameServer(failure(code));
    const error = await failureOf(providerAt({ endpoint: "http://localhost:1" }, { maxRetries: 1 })());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", step: "token", attempts, cause: { code } });
  });

  test("that is never answered is IMDS_UNREACHABLE after two attempts", async () => {
    nameServer("silence");
    const options = { maxRetries: 5, timeout: 200 };
    const error = await failureOf(providerAt({ endpoint: "http://localhost:1" }, options)());
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", attempts: 2 });
  });

  test("is not resolved in a background refresh, in which that would keep the process alive", async () => {
    await using imds = await scriptedServer();
    const lookup = nameServer("127.0.0.1", "silence");
    const provider = providerAt(named(imds), { maxAgeSeconds: 0.05 });
    await provider();
    await vi.waitUntil(() => imds.count("credentials") > 3, { timeout: 60_000 });
    expect(lookup).toHaveBeenCalledTimes(1);
    provider.close();
  });
});
