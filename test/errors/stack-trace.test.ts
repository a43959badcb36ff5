import { describe, expect, test } from "vitest";
import { instanceRegion } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import { clientAt, providerAt } from "../support/scripted-provider.js";
import { answer, hang, issueToken, listRole, text } from "../support/scripted-replies.js";
import type { Script } from "../support/scripted-server.js";
import { scriptedServer } from "../support/scripted-server.js";

const PATH = "/latest/meta-data/hostname";

const failures: readonly (readonly [string, Script])[] = [
  ["at once", { metadata: [answer(404)] }],
  ["after retries", { metadata: [answer(500)] }],
  ["by a timeout", { metadata: [hang] }],
  ["for its token", { token: [answer(403)] }],
];

describe.each(failures)(
  "the stack of an error that fails %s leads to the line that waits for it",
  (_, script) => {
    const options = { maxRetries: 1, timeout: 500 };

    test("of get, getBytes, region and the others", async () => {
      await using imds = await scriptedServer(script);
      const client = clientAt(imds, options);
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        async awaitsGet() {
          return await client.get(PATH);
        },
        async awaitsBytes() {
          return await client.getBytes(PATH);
        },
        async awaitsDocument() {
          return await client.identityDocument();
        },
        async awaitsRegion() {
          return await client.region();
        },
        async awaitsProvider() {
          // A provider reads no other metadata, so it gets the same failure for its credentials.
          await using service = await scriptedServer({
            token: script.token ?? [issueToken],
            role: script.metadata ?? [listRole()],
          });
          return await providerAt(service, options)();
        },
        async awaitsRegionForClient() {
          return await instanceRegion({ endpoint: imds.endpoint, ...options })();
        },
      };
      for (const [name, call] of Object.entries(calls)) {
        const error = await failureOf(call());
        expect(error.stack).toMatch(new RegExp(`^InstanceMetadataError: .*\\[${error.code}\\]\n`));
        expect(error.stack).toContain(name);
      }
    });

    test("of each of several callers at once", async () => {
      await using imds = await scriptedServer(script);
      const client = clientAt(imds, options);
      const first = async () => await client.get(PATH);
      const second = async () => await client.get(PATH);
      const [one, two] = await Promise.all([failureOf(first()), failureOf(second())]);
      if (one !== two) {
        expect(one.stack).toContain("first");
        expect(two.stack).toContain("second");
      }
    });
  },
);

test("an error whose body is quoted by no parser has no such text in its stack either", async () => {
  await using imds = await scriptedServer({ metadata: [text("{ not JSON")] });
  const error = await failureOf(clientAt(imds, { maxRetries: 0 }).identityDocument());
  expect(error.stack).not.toContain("not JSON at");
  expect(error.stack).not.toContain("{ not");
});
