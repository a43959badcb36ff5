import { writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromInstanceRole, InstanceMetadataClient, instanceRegion } from "../../src/index.js";
import { failureOf } from "../support/failure.js";
import { listeningImds } from "../support/listening-imds.js";
import { section, useConfigFile } from "../support/shared-config.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

const NONSENSE = [
  {
    variable: "AWS_METADATA_SERVICE_TIMEOUT",
    key: "metadata_service_timeout",
    values: ["soon", "0", "-1", "NaN", "Infinity", "1s", "1,5", "0x10", "1e400", "99999999999"],
  },
  {
    variable: "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    key: "metadata_service_num_attempts",
    values: ["many", "0", "-1", "1.5", "Infinity", "3x"],
  },
  {
    variable: "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    key: "ec2_metadata_service_endpoint",
    values: ["169.254.169.254", "ftp://127.0.0.1/", "not a url", "http://", "file:///etc/passwd", "/latest"],
  },
  {
    variable: "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    key: "ec2_metadata_service_endpoint_mode",
    values: ["IPv5", "both", "4"],
  },
  {
    variable: "AWS_EC2_METADATA_V1_DISABLED",
    key: "ec2_metadata_v1_disabled",
    values: ["maybe", "1", "no"],
  },
] as const;

const FOR_A_ROLE = {
  variable: "AWS_EC2_INSTANCE_PROFILE_NAME",
  key: "ec2_instance_profile_name",
  values: ["../user-data", "team@corp/x", "a/b", "a b", "..", "rôle", "a?b"],
} as const;

const ROWS = [...NONSENSE, FOR_A_ROLE].flatMap(({ variable, key, values }) =>
  values.map((value) => ({ variable, key, value })),
);

describe("a value that cannot be used", () => {
  test.each(ROWS)(
    "$variable=$value is INVALID_CONFIGURATION on the first call",
    async ({ variable, value }) => {
      vi.stubEnv(variable, value);
      const error = await failureOf(fromInstanceRole({ shared: false })());
      expect(error).toMatchObject({ code: "INVALID_CONFIGURATION", attempts: 0, tryNextLink: false });
      expect(error.message).toContain(variable);
      expect(error.message).toContain(value);
      expect(error.message).toMatch(/must be/);
    },
  );

  test.each(ROWS)("$key = $value in the config file is, too", async ({ key, value }) => {
    const path = await useConfigFile(section("default", { [key]: value }));
    const error = await failureOf(fromInstanceRole({ shared: false })());
    expect(error).toMatchObject({ code: "INVALID_CONFIGURATION", attempts: 0, tryNextLink: false });
    expect(error.message).toContain(
      `The key ${key} in section [default] of the shared config file ${path} is `,
    );
    expect(error.message).toContain(value);
  });

  test.each(NONSENSE)("$variable stops the metadata client, too", async ({ variable, values: [value] }) => {
    vi.stubEnv(variable, value);
    const client = new InstanceMetadataClient();
    expect((await failureOf(client.get("/latest/meta-data/"))).code).toBe("INVALID_CONFIGURATION");
    expect((await failureOf(instanceRegion()())).code).toBe("INVALID_CONFIGURATION");
  });

  test("is named with the others, each with its source", async () => {
    const path = await useConfigFile(
      section("profile app", { metadata_service_timeout: "soon", ec2_metadata_v1_disabled: "perhaps" }),
    );
    vi.stubEnv("AWS_PROFILE", "app");
    vi.stubEnv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "many");
    const { message } = await failureOf(fromInstanceRole({ shared: false })());
    expect(message).toContain(
      'The environment variable AWS_METADATA_SERVICE_NUM_ATTEMPTS is "many"; it must be',
    );
    for (const [key, value] of [
      ["metadata_service_timeout", "soon"],
      ["ec2_metadata_v1_disabled", "perhaps"],
    ])
      expect(message).toContain(
        `${key} in section [profile app] of the shared config file ${path} is "${value}"`,
      );
    expect(message.split("; it must be")).toHaveLength(4);
  });

  test("in the credentials file is named with that file", async () => {
    const path = await useConfigFile("");
    await writeFile(`${path}.credentials`, section("default", { metadata_service_timeout: "soon" }));
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", `${path}.credentials`);
    const { message } = await failureOf(fromInstanceRole({ shared: false })());
    expect(message).toContain(
      `The key metadata_service_timeout in section [default] of the shared credentials file ${path}.credentials is "soon"`,
    );
  });

  test("sends nothing", async () => {
    await using imds = await listeningImds();
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "soon");
    await failureOf(fromInstanceRole({ endpoint: imds.endpoint, shared: false })());
    expect(imds.requests).toEqual([]);
  });

  test("does not matter where an option overrides it", async () => {
    await using imds = await listeningImds();
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "soon");
    await fromInstanceRole({ endpoint: imds.endpoint, timeout: 10_000, shared: false })();
    expect(imds.requests).toHaveLength(3);
  });

  test("does not matter in a section that is not in use", async () => {
    await using imds = await listeningImds();
    await useConfigFile(section("profile other", { metadata_service_timeout: "soon" }));
    await fromInstanceRole({ endpoint: imds.endpoint, shared: false })();
    expect(imds.requests).toHaveLength(3);
  });
});

describe("an endpoint with user info", () => {
  const ENDPOINTS = [
    "http://operator:hunter2secret@127.0.0.1:1338",
    "http://hunter2secret@127.0.0.1:1338",
    "http://operator:hunter2secret@/",
    "ftp://operator:hunter2secret@127.0.0.1",
    "http//operator:hunter2secret@127.0.0.1",
    "http://operator:hunter2secret@@127.0.0.1",
    "operator:hunter2secret@127.0.0.1",
    "http://operator:hunter2/secret@127.0.0.1",
  ];
  const shownBy = (error: unknown): string =>
    [String(error), JSON.stringify(error), inspect(error, { depth: Infinity, showHidden: true })].join("\n");

  test.each(ENDPOINTS)("%s in the environment is refused without showing it", async (endpoint) => {
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint);
    const error = await failureOf(fromInstanceRole({ shared: false })());
    expect(error.code).toBe("INVALID_CONFIGURATION");
    expect(error.message).toContain("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    expect(shownBy(error)).not.toMatch(/hunter2|operator/);
  });

  test.each(ENDPOINTS)("%s in the file is refused without showing it", async (endpoint) => {
    await useConfigFile(section("default", { ec2_metadata_service_endpoint: endpoint }));
    const error = await failureOf(fromInstanceRole({ shared: false })());
    expect(error.code).toBe("INVALID_CONFIGURATION");
    expect(shownBy(error)).not.toMatch(/hunter2|operator/);
  });

  test.each(ENDPOINTS)("%s as an option is refused without showing it", (endpoint) => {
    let thrown: unknown;
    try {
      fromInstanceRole({ endpoint });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TypeError);
    expect(shownBy(thrown)).toContain("endpoint");
    expect(shownBy(thrown)).not.toMatch(/hunter2|operator/);
  });
});

test("a URL with user info in the place of something else is not shown either", async () => {
  vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "http://operator:hunter2secret@127.0.0.1:1338");
  const error = await failureOf(fromInstanceRole({ shared: false })());
  expect(error.code).toBe("INVALID_CONFIGURATION");
  expect(error.message).not.toMatch(/hunter2|operator/);
});
