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

/** One setting, three values for it, and how to see which of them counts. */
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

const settled = (work: Promise<unknown>): Promise<unknown> =>
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
      // Only one of the names is attached: the others are answered with 404.
      await settled(fromInstanceRole({ ...PATIENT, endpoint: imds.endpoint, ...options })());
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
    seen: ["refused", "allowed", "allowed", "refused"],
    fault: { on: "token", status: 404 },
    observe: async (imds, options) => {
      await settled(fromInstanceRole({ ...PATIENT, endpoint: imds.endpoint, ...options })());
      // A read without a token is sent, whatever comes of it.
      return imds.count("role") > 0 ? "allowed" : "refused";
    },
  },
];

describe.each(ROWS)("$setting", (row) => {
  const [fromOption, fromEnvironment, fromFile, byDefault] = row.seen;
  const inFile = () => useConfigFile(section("default", { [row.key]: row.file }));

  test("the option beats environment and file", async () => {
    await using imds = await listeningImds(row.fault);
    await inFile();
    vi.stubEnv(row.variable, row.environment);
    expect(await row.observe(imds, row.option)).toBe(fromOption);
  });

  test("the environment beats the file", async () => {
    await using imds = await listeningImds(row.fault);
    await inFile();
    vi.stubEnv(row.variable, row.environment);
    expect(await row.observe(imds, {})).toBe(fromEnvironment);
  });

  test("the file counts when neither is set", async () => {
    await using imds = await listeningImds(row.fault);
    await inFile();
    expect(await row.observe(imds, {})).toBe(fromFile);
  });

  test("an option that is undefined counts as not given", async () => {
    await using imds = await listeningImds(row.fault);
    vi.stubEnv(row.variable, row.environment);
    const options: InstanceRoleOptions = { [row.setting]: undefined };
    expect(await row.observe(imds, options)).toBe(fromEnvironment);
  });

  test.each(["", "  "])("an environment variable that is %j counts as unset", async (empty) => {
    await using imds = await listeningImds(row.fault);
    await inFile();
    vi.stubEnv(row.variable, empty);
    expect(await row.observe(imds, {})).toBe(fromFile);
  });

  test("a key that is empty in the file counts as unset", async () => {
    await using imds = await listeningImds(row.fault);
    await useConfigFile(section("default", { [row.key]: "" }));
    expect(await row.observe(imds, {})).toBe(byDefault);
  });

  test("the default", async () => {
    await using imds = await listeningImds(row.fault);
    expect(await row.observe(imds, {})).toBe(byDefault);
  });
});

describe("timeout", () => {
  /** All of these start together at a service that never answers; which of them end, in order, until `last` has. */
  async function orderOfTimeouts(
    reads: Readonly<Record<string, InstanceRoleOptions>>,
    last: string,
  ): Promise<string[]> {
    await using imds = await listeningImds({ on: "token", mode: "hang" });
    const { endpoint } = imds;
    const ended: string[] = [];
    const all = Object.entries(reads).map(async ([name, options]) => {
      const error = await failureOf(
        fromInstanceRole({ endpoint, maxRetries: 0, shared: false, ...options })(),
      );
      if (error.code === "IMDS_TIMEOUT") ended.push(name);
      return name;
    });
    await all[Object.keys(reads).indexOf(last)];
    return [...ended];
  }

  /** The timeout that results from the settings is between one that is shorter and one that is longer. */
  async function expectTimeout(milliseconds: number, options: InstanceRoleOptions = {}): Promise<void> {
    const reads = {
      shorter: { timeout: milliseconds / 3 },
      resolved: options,
      longer: { timeout: milliseconds * 3 },
    };
    expect(await orderOfTimeouts(reads, "resolved")).toEqual(["shorter", "resolved"]);
  }

  const VARIABLE = "AWS_METADATA_SERVICE_TIMEOUT";
  const inFile = (text: string) => useConfigFile(section("default", { metadata_service_timeout: text }));

  test("the option, in milliseconds, beats environment and file", async () => {
    await inFile("5");
    vi.stubEnv(VARIABLE, "5");
    await expectTimeout(300, { timeout: 300 });
  });

  test.each([
    ["0.3", 300],
    [".3", 300],
    ["1", 1000],
  ])("%s seconds of the environment, which beats the file", async (text, milliseconds) => {
    await inFile("5");
    vi.stubEnv(VARIABLE, text);
    await expectTimeout(milliseconds);
  });

  test.each(["", "  "])("%j in the environment counts as unset: the file's seconds count", async (empty) => {
    await inFile("0.3");
    vi.stubEnv(VARIABLE, empty);
    await expectTimeout(300);
  });

  test.each([undefined, ""])("1000 ms by default, also if the file's key is %j", async (text) => {
    if (text !== undefined) await inFile(text);
    await expectTimeout(1000);
  });
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
    return asked[0] ?? "none";
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
  test.each(["true", "TRUE", "True", " true "])(
    "as %j: no request at all, from providers and clients",
    async (value) => {
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
    },
  );

  test.each(["false", "", "0", "no", "1", '"true"'])("as %j: requests are sent", async (value) => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", value);
    await using imds = await listeningImds();
    await fromInstanceRole({ ...PATIENT, endpoint: imds.endpoint })();
    expect(imds.requests).toHaveLength(3);
  });

  test("lets a chain move on even if another setting cannot be used", async () => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "nonsense");
    const error = await failureOf(fromInstanceRole({ shared: false })());
    expect(error).toMatchObject({ code: "IMDS_DISABLED", tryNextLink: true });
  });
});
