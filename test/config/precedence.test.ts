import { http } from "msw";
import { setupServer } from "msw/node";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { InstanceRoleOptions } from "../../src/index.js";
import { fromInstanceRole, InstanceMetadataClient } from "../../src/index.js";
import type { MockFault } from "../../src/testing/index.js";
import { failureOf } from "../support/failure.js";
import type { ListeningImds } from "../support/listening-imds.js";
import { listeningImds } from "../support/listening-imds.js";
import { section, useConfigFile } from "../support/shared-config.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

const PATIENT: InstanceRoleOptions = { timeout: 10_000, shared: false };

/** One setting, three values for it, and how to see which of them is in force. */
interface Row {
  readonly setting: keyof InstanceRoleOptions;
  readonly variable: string;
  readonly key: string;
  readonly option: InstanceRoleOptions;
  readonly environment: string;
  readonly file: string;
  /** What `observe` gives for the option, the environment's value, the file's value and the default. */
  readonly seen: readonly [unknown, unknown, unknown, unknown];
  readonly fault?: MockFault;
  observe(imds: ListeningImds, options: InstanceRoleOptions): Promise<unknown>;
}

const settle = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    () => undefined,
  );

const ROWS: readonly Row[] = [
  {
    setting: "roleName",
    variable: "AWS_EC2_INSTANCE_PROFILE_NAME",
    key: "ec2_instance_profile_name",
    option: { roleName: "from-option" },
    environment: "from-environment",
    file: "from-file",
    seen: ["from-option", "from-environment", "from-file", "app-role"],
    observe: async (imds, options) => {
      // Only one of the names is attached, so that the others end in a 404, which is how it should be.
      await settle(fromInstanceRole({ ...PATIENT, endpoint: imds.endpoint, ...options })());
      return imds.requests.at(-1)?.path.split("/").at(-1);
    },
  },
  {
    setting: "maxRetries",
    variable: "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    key: "metadata_service_num_attempts",
    option: { maxRetries: 0 },
    environment: "2",
    file: "3",
    seen: [1, 2, 3, 4],
    fault: { on: "token", status: 500 },
    observe: async (imds, options) => {
      const error = await failureOf(fromInstanceRole({ ...PATIENT, endpoint: imds.endpoint, ...options })());
      expect(error.attempts).toBe(imds.count("token"));
      return imds.count("token");
    },
  },
  {
    setting: "ec2MetadataV1Disabled",
    variable: "AWS_EC2_METADATA_V1_DISABLED",
    key: "ec2_metadata_v1_disabled",
    option: { ec2MetadataV1Disabled: true },
    environment: "false",
    file: "FALSE",
    seen: ["closed", "open", "open", "closed"],
    fault: { on: "token", status: 404 },
    observe: async (imds, options) => {
      await settle(fromInstanceRole({ ...PATIENT, endpoint: imds.endpoint, ...options })());
      // A read without a token is sent, whatever comes of it.
      return imds.count("role") > 0 ? "open" : "closed";
    },
  },
  {
    setting: "timeout",
    variable: "AWS_METADATA_SERVICE_TIMEOUT",
    key: "metadata_service_timeout",
    option: { timeout: 150 },
    environment: "0.45",
    file: "0.75",
    // At least so many milliseconds, and less than the next one.
    seen: [150, 450, 750, 1000],
    fault: { on: "token", mode: "hang" },
    observe: async (imds, options) => {
      const start = performance.now();
      const { endpoint } = imds;
      await failureOf(fromInstanceRole({ endpoint, maxRetries: 0, shared: false, ...options })());
      return performance.now() - start + 2;
    },
  },
];

function expectSeen({ setting }: Row, actual: unknown, expected: unknown): void {
  // A loaded machine can be late, never early: a deadline is told by what it is not under.
  if (setting === "timeout") expect(actual).toBeGreaterThanOrEqual(Number(expected));
  else expect(actual).toBe(expected);
}

describe.each(ROWS)("$setting", (row) => {
  const [fromOption, fromEnvironment, fromFile, byDefault] = row.seen;
  const inFile = () => useConfigFile(section("default", { [row.key]: row.file }));

  test("the option beats environment and file", async () => {
    await using imds = await listeningImds(row.fault);
    await inFile();
    vi.stubEnv(row.variable, row.environment);
    expectSeen(row, await row.observe(imds, row.option), fromOption);
  });

  test("the environment beats the file", async () => {
    await using imds = await listeningImds(row.fault);
    await inFile();
    vi.stubEnv(row.variable, row.environment);
    expectSeen(row, await row.observe(imds, {}), fromEnvironment);
  });

  test("the file counts when neither is set", async () => {
    await using imds = await listeningImds(row.fault);
    await inFile();
    expectSeen(row, await row.observe(imds, {}), fromFile);
  });

  test("an option that is undefined counts as not given", async () => {
    await using imds = await listeningImds(row.fault);
    vi.stubEnv(row.variable, row.environment);
    const options: InstanceRoleOptions = { [row.setting]: undefined };
    expectSeen(
      row,
      await row.observe(imds, { maxRetries: row.setting === "timeout" ? 0 : undefined, ...options }),
      fromEnvironment,
    );
  });

  test.each(["", "  "])("an environment variable that is %j counts as unset", async (empty) => {
    await using imds = await listeningImds(row.fault);
    await inFile();
    vi.stubEnv(row.variable, empty);
    expectSeen(row, await row.observe(imds, {}), fromFile);
  });

  test("a key that is empty in the file counts as unset", async () => {
    await using imds = await listeningImds(row.fault);
    await useConfigFile(section("default", { [row.key]: "" }));
    expectSeen(row, await row.observe(imds, {}), byDefault);
  });

  test("the default", async () => {
    await using imds = await listeningImds(row.fault);
    expectSeen(row, await row.observe(imds, {}), byDefault);
  });
});

test("a timeout is not the longer one that was overruled", async () => {
  await using imds = await listeningImds({ on: "token", mode: "hang" });
  const { endpoint } = imds;
  const read = (options: InstanceRoleOptions) =>
    failureOf(fromInstanceRole({ endpoint, maxRetries: 0, shared: false, ...options })());
  await useConfigFile(section("default", { metadata_service_timeout: "3600" }));
  vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "0.1");
  expect((await read({})).code).toBe("IMDS_TIMEOUT");
  vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "3600");
  expect((await read({ timeout: 100 })).code).toBe("IMDS_TIMEOUT");
});

describe("endpoint", () => {
  const VARIABLE = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
  const KEY = "ec2_metadata_service_endpoint";
  const load = (options: InstanceRoleOptions = {}) => fromInstanceRole({ ...PATIENT, ...options })();

  test("option beats environment beats file", async () => {
    await using a = await listeningImds();
    await using b = await listeningImds();
    await using c = await listeningImds();
    const asked = () => [a, b, c].map(({ requests }) => requests.length > 0);
    await useConfigFile(section("default", { [KEY]: c.endpoint }));
    await load();
    expect(asked()).toEqual([false, false, true]);
    c.forget();
    vi.stubEnv(VARIABLE, b.endpoint);
    await load();
    expect(asked()).toEqual([false, true, false]);
    b.forget();
    await load({ endpoint: a.endpoint });
    expect(asked()).toEqual([true, false, false]);
  });

  test("an empty variable counts as unset", async () => {
    await using imds = await listeningImds();
    await useConfigFile(section("default", { [KEY]: imds.endpoint }));
    vi.stubEnv(VARIABLE, "");
    await load();
    expect(imds.steps).toEqual(["token", "role", "credentials"]);
  });

  test.each(["/", ""])("with %j at its end, as the AWS CLI wants it or not", async (end) => {
    await using imds = await listeningImds();
    vi.stubEnv(VARIABLE, imds.endpoint + end);
    await load();
    expect(imds.requests[0]).toMatchObject({ method: "PUT", path: "/latest/api/token" });
  });

  test("wins over the mode, wherever each comes from", async () => {
    await using imds = await listeningImds();
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
    await load({ endpoint: imds.endpoint, endpointMode: "IPv6" });
    expect(imds.steps).toEqual(["token", "role", "credentials"]);
    imds.forget();
    await useConfigFile(section("default", { [KEY]: imds.endpoint }));
    await load({ endpointMode: "IPv6" });
    expect(imds.requests).toHaveLength(3);
  });
});

describe("endpointMode", () => {
  const VARIABLE = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
  const IPV4 = "http://169.254.169.254/latest/api/token";
  const IPV6 = "http://[fd00:ec2::254]/latest/api/token";

  /** The address that a provider asks first. msw answers in its place: no connection is made. */
  async function addressOf(options: InstanceRoleOptions = {}): Promise<string> {
    const asked: string[] = [];
    const forbid = http.all(
      ({ request }) => {
        asked.push(request.url);
        return true;
      },
      () => new Response(null, { status: 403 }),
    );
    const server = setupServer(forbid);
    server.listen({ onUnhandledRequest: "error" });
    try {
      const error = await failureOf(fromInstanceRole({ ...PATIENT, ...options })());
      expect(error.code).toBe("IMDS_FORBIDDEN");
    } finally {
      server.close();
    }
    return asked[0] ?? "nobody";
  }

  test.each([
    ["IPv4", IPV4],
    ["ipv4", IPV4],
    ["IPv6", IPV6],
    ["ipv6", IPV6],
    ["IPV6", IPV6],
  ])("%s as an option", async (endpointMode, address) => {
    expect(await addressOf({ endpointMode })).toBe(address);
  });

  test("is IPv4 by default", async () => {
    expect(await addressOf()).toBe(IPV4);
  });

  test.each(["IPv6", "ipv6"])("%s in the environment", async (mode) => {
    vi.stubEnv(VARIABLE, mode);
    expect(await addressOf()).toBe(IPV6);
  });

  test("option beats environment beats file", async () => {
    await useConfigFile(section("default", { ec2_metadata_service_endpoint_mode: "IPv6" }));
    expect(await addressOf()).toBe(IPV6);
    vi.stubEnv(VARIABLE, "IPv4");
    expect(await addressOf()).toBe(IPV4);
    expect(await addressOf({ endpointMode: "IPv6" })).toBe(IPV6);
    vi.stubEnv(VARIABLE, "");
    expect(await addressOf()).toBe(IPV6);
  });
});

describe("the switch AWS_EC2_METADATA_DISABLED", () => {
  test.each(["true", "TRUE", "True"])("as %s: no request at all, by whatever way", async (value) => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", value);
    await using imds = await listeningImds();
    const { endpoint } = imds;
    const error = await failureOf(fromInstanceRole({ ...PATIENT, endpoint })());
    expect(error).toMatchObject({ code: "IMDS_DISABLED", attempts: 0, tryNextLink: true });
    expect(error.message).toContain("AWS_EC2_METADATA_DISABLED");
    const client = new InstanceMetadataClient({ endpoint });
    expect((await failureOf(client.get("/latest/meta-data/"))).code).toBe("IMDS_DISABLED");
    expect((await failureOf(client.region())).code).toBe("IMDS_DISABLED");
    expect(imds.requests).toEqual([]);
  });

  test.each(["false", "", "0", "no", "1"])("as %j: requests as ever", async (value) => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", value);
    await using imds = await listeningImds();
    await fromInstanceRole({ ...PATIENT, endpoint: imds.endpoint })();
    expect(imds.requests).toHaveLength(3);
  });

  test("lets a chain move on even if another setting is nonsense", async () => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "nonsense");
    const error = await failureOf(fromInstanceRole({ shared: false })());
    expect(error).toMatchObject({ code: "IMDS_DISABLED", tryNextLink: true });
  });
});
