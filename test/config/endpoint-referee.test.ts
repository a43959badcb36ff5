import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { http } from "msw";
import { setupServer } from "msw/node";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import type { InstanceMetadataError } from "../../src/index.js";
import { fromInstanceRole } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import referee from "./imds-endpoint-cases.json" with { type: "json" };

interface Case {
  readonly docs: string;
  readonly env: Readonly<Record<string, string>>;
  readonly fs: Readonly<Record<string, string>>;
  readonly endpoint_override?: string;
  readonly mode_override?: string;
  readonly result: { readonly Ok?: string; readonly Err?: string };
}

const CASES: readonly Case[] = referee.tests;

/**
 * What differs on purpose, and why:
 *
 * - The text of an error: ours names the variable, or the file and section, and what the value may be.
 */

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Writes the files of a case, and sets its variables. */
async function setUp({ env, fs }: Case): Promise<void> {
  const folder = await mkdtemp(join(inject("runDirectory"), "referee-"));
  for (const [name, content] of Object.entries(fs)) await writeFile(join(folder, name), content);
  for (const [variable, value] of Object.entries(env))
    vi.stubEnv(variable, variable === "AWS_CONFIG_FILE" ? join(folder, value) : value);
}

/** The error of a first call, and the URL that was requested first. msw answers: no connection is made. */
async function firstCall(
  options: object,
): Promise<{ error: InstanceMetadataError; url: string | undefined }> {
  const urls: string[] = [];
  const forbid = http.all(
    ({ request }) => {
      urls.push(request.url);
      return true;
    },
    () => new Response(null, { status: 403 }),
  );
  const server = setupServer(forbid);
  server.listen({ onUnhandledRequest: "error" });
  try {
    const error = await failureOf(fromInstanceRole({ shared: false, timeout: 10_000, ...options })());
    return { error, url: urls[0] };
  } finally {
    server.close();
  }
}

describe("the endpoint, by the cases of the AWS SDK for Rust", () => {
  test.each(CASES)("$docs", async (one) => {
    await setUp(one);
    const { error, url } = await firstCall({
      endpoint: one.endpoint_override,
      endpointMode: one.mode_override,
    });
    if (one.result.Ok !== undefined) {
      expect(error.code).toBe("IMDS_FORBIDDEN");
      expect(url).toBe(one.result.Ok);
      return;
    }
    expect(url).toBeUndefined();
    expect(error.code).toBe("INVALID_CONFIGURATION");
    // Theirs quotes the value between backticks, if at all.
    const value = /`(.*)`/.exec(one.result.Err ?? "")?.[1] ?? one.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
    expect(error.message).toContain(JSON.stringify(value));
    expect(error.message).toMatch(
      /environment variable AWS_EC2_|in section \[default\] of the shared config file/,
    );
  });

  test("none is missing", () => {
    expect(CASES).toHaveLength(14);
  });
});
