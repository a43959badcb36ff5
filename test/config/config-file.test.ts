import { chmod, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import type { InstanceRoleOptions } from "../../src/index.js";
import { fromInstanceRole, InstanceMetadataClient } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import { listeningImds } from "../support/listening-imds.js";
import { section, useConfigFile } from "../support/shared-config.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

const KEY = "ec2_instance_profile_name";

/** The role that is asked for, which each section of the config file names differently. */
async function roleAskedFor(options: InstanceRoleOptions = {}): Promise<string | undefined> {
  await using imds = await listeningImds();
  const provider = fromInstanceRole({ endpoint: imds.endpoint, timeout: 10_000, shared: false, ...options });
  // Only one of the names is attached, so that the others end in a 404, which is how it should be.
  await provider().catch(() => undefined);
  return imds.requests.at(-1)?.path.split("/").at(-1);
}

describe("which section of the config file counts", () => {
  const FILE = [
    section("default", { [KEY]: "role-of-default" }),
    section("profile one", { [KEY]: "role-of-one" }),
    section("profile two", { [KEY]: "role-of-two" }),
    section("profile empty", { region: "eu-central-1" }),
  ].join("\n");

  test("default, when no profile is named", async () => {
    await useConfigFile(FILE);
    expect(await roleAskedFor()).toBe("role-of-default");
  });

  test("the one that AWS_PROFILE names", async () => {
    await useConfigFile(FILE);
    vi.stubEnv("AWS_PROFILE", "one");
    expect(await roleAskedFor()).toBe("role-of-one");
  });

  test("the one that the option profile names, which overrides AWS_PROFILE", async () => {
    await useConfigFile(FILE);
    vi.stubEnv("AWS_PROFILE", "one");
    expect(await roleAskedFor({ profile: "two" })).toBe("role-of-two");
  });

  test("default, when AWS_PROFILE is empty", async () => {
    await useConfigFile(FILE);
    vi.stubEnv("AWS_PROFILE", "");
    expect(await roleAskedFor()).toBe("role-of-default");
  });

  test.each(["empty", "not-there", "__proto__", "constructor"])(
    "%s has no such key: nothing is taken from default",
    async (profile) => {
      await useConfigFile(FILE);
      expect(await roleAskedFor({ profile })).toBe("app-role");
    },
  );

  test("the metadata client reads it as well", async () => {
    await using imds = await listeningImds();
    await useConfigFile(section("profile one", { ec2_metadata_service_endpoint: imds.endpoint }));
    await new InstanceMetadataClient({ profile: "one", timeout: 10_000 }).get(
      "/latest/meta-data/instance-id",
    );
    expect(imds.steps).toEqual(["token", "metadata"]);
  });
});

describe("a config file counts as empty", () => {
  test("because it is not there", async () => {
    vi.stubEnv("AWS_CONFIG_FILE", join(inject("runDirectory"), "no", "such", "file"));
    expect(await roleAskedFor()).toBe("app-role");
  });

  test("because it is a directory", async () => {
    vi.stubEnv("AWS_CONFIG_FILE", await mkdtemp(join(inject("runDirectory"), "directory-")));
    expect(await roleAskedFor()).toBe("app-role");
  });

  test("because something on the way to it is no directory", async () => {
    const path = await useConfigFile(section("default", { [KEY]: "role" }));
    vi.stubEnv("AWS_CONFIG_FILE", join(path, "config"));
    expect(await roleAskedFor()).toBe("app-role");
  });

  // Root may read anything: then the file counts, which is as it should be.
  test("because this user may not read it", async () => {
    const path = await useConfigFile(section("default", { [KEY]: "role-of-default" }));
    await chmod(path, 0);
    expect(await roleAskedFor()).toBe(process.getuid?.() === 0 ? "role-of-default" : "app-role");
  });

  test.each([
    ["it is empty", ""],
    ["it holds only comments", "# nothing\n; at all\n"],
    ["it is not an ini file", '{"default": {"ec2_instance_profile_name": "role"}}\n'],
    ["it is binary", "\u0000\u0001\ufffd[default\u0000"],
    ["it uses a name that the loader refuses", `[profile __proto__]\n${KEY} = role\n`],
  ])("because %s", async (_, content) => {
    await useConfigFile(content);
    expect(await roleAskedFor()).toBe("app-role");
  });
});

test("may have CR LF, comments and spaces", async () => {
  await useConfigFile(`# hello\r\n[default]\r\n${KEY}   =   spaced-role   \r\n`);
  expect(await roleAskedFor()).toBe("spaced-role");
});

test("a provider that failed on its settings works once they are corrected", async () => {
  await using imds = await listeningImds();
  vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "soon");
  const provider = fromInstanceRole({ endpoint: imds.endpoint, shared: false });
  expect((await failureOf(provider())).code).toBe("INVALID_CONFIGURATION");
  vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "10");
  await provider();
  expect(imds.requests).toHaveLength(3);
});
