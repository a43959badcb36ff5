import { describe, expect, test } from "vitest";
import { createMockImds, type MockImds, type MockImdsOptions } from "../../src/testing/index.js";
import { exchange, newToken, read, TOKEN_HEADER } from "./client.js";

/** Reads several paths below `/latest/` with one token. */
async function readAll(imds: MockImds, paths: readonly string[]) {
  await using listener = await imds.listen();
  const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint) };
  const answers = await Promise.all(
    paths.map((path) => exchange(listener.endpoint, `/latest/${path}`, { headers })),
  );
  return Object.fromEntries(paths.map((path, index) => [path, answers[index]]));
}

const bodyOf = async (path: string, options: MockImdsOptions = {}) => {
  await using listener = await createMockImds(options).listen();
  return (await read(listener.endpoint, `/latest/${path}`)).body;
};

const MACS = "meta-data/network/interfaces/macs";

/** The paths of AWS's own mock that an instance has without further set-up. */
const PATHS = [
  "dynamic/fws/instance-monitoring",
  "dynamic/instance-identity/document",
  "dynamic/instance-identity/pkcs7",
  "dynamic/instance-identity/signature",
  "meta-data/ami-id",
  "meta-data/ami-launch-index",
  "meta-data/ami-manifest-path",
  "meta-data/block-device-mapping/ami",
  "meta-data/block-device-mapping/root",
  "meta-data/events/maintenance/scheduled",
  "meta-data/hostname",
  "meta-data/iam/info",
  "meta-data/iam/security-credentials",
  "meta-data/iam/security-credentials/mock-role",
  "meta-data/instance-action",
  "meta-data/instance-id",
  "meta-data/instance-life-cycle",
  "meta-data/instance-type",
  "meta-data/local-hostname",
  "meta-data/local-ipv4",
  "meta-data/mac",
  ...[
    "device-number",
    "interface-id",
    "ipv4-associations/203.0.113.10",
    "ipv6s",
    "local-hostname",
    "local-ipv4s",
    "mac",
    "network-card-index",
    "owner-id",
    "public-hostname",
    "public-ipv4s",
    "security-group-ids",
    "security-groups",
    "subnet-id",
    "subnet-ipv4-cidr-block",
    "subnet-ipv6-cidr-blocks",
    "vpc-id",
    "vpc-ipv4-cidr-block",
    "vpc-ipv4-cidr-blocks",
    "vpc-ipv6-cidr-blocks",
  ].map((name) => `${MACS}/02:00:0a:00:00:0a/${name}`),
  "meta-data/placement/availability-zone",
  "meta-data/placement/availability-zone-id",
  "meta-data/placement/region",
  "meta-data/public-hostname",
  "meta-data/public-ipv4",
  "meta-data/public-keys/0/openssh-key",
  "meta-data/reservation-id",
  "meta-data/security-groups",
  "meta-data/services/domain",
  "meta-data/services/partition",
];

/** Those that it has only when something was set up, of a kind that some instances never have. */
const SET_UP: Readonly<Record<string, string>> = {
  "block-device-mapping/ebs0": "sdb",
  "block-device-mapping/ephemeral0": "sdb",
  "block-device-mapping/swap": "sdcs",
  "elastic-inference/associations/eia-0a1b2c3d4e5f67890": "{}",
  "kernel-id": "aki-0a1b2c3d",
  "placement/group-name": "group",
  "placement/host-id": "h-0a1b2c3d4e5f67890",
  "placement/partition-number": "1",
  "product-codes": "abc",
  "ramdisk-id": "ari-0a1b2c3d",
};

describe("the tree of an instance", () => {
  test("has every path that needs no set-up, each with content", async () => {
    const answers = await readAll(createMockImds(), PATHS);

    const empty = PATHS.filter((path) => answers[path]?.status !== 200 || answers[path]?.body === "");
    expect(empty).toEqual([]);
  });

  test("has what a Nitro instance has besides", async () => {
    const paths = [
      "dynamic/instance-identity/rsa2048",
      "meta-data/events/maintenance/history",
      "meta-data/hibernation/configured",
      "meta-data/identity-credentials/ec2/info",
      "meta-data/metrics/vhostmd",
      "meta-data/profile",
      "meta-data/system",
    ];
    const answers = await readAll(createMockImds(), paths);

    for (const path of paths) expect(answers[path]).toMatchObject({ status: 200 });
    expect(answers["meta-data/system"]?.body).toBe("nitro");
  });

  test("lacks what was not set up, until the option or the call that sets it up", async () => {
    const imds = createMockImds({ metadata: SET_UP, tags: { Name: "front" }, userData: "#!/bin/sh" });
    const paths = [
      ...Object.keys(SET_UP).map((path) => `meta-data/${path}`),
      "meta-data/autoscaling/target-lifecycle-state",
      "meta-data/events/recommendations/rebalance",
      "meta-data/spot/instance-action",
      "meta-data/spot/termination-time",
      "meta-data/tags/instance/Name",
      "user-data",
    ];
    imds.setTargetLifecycleState("InService");
    imds.recommendRebalance();
    imds.interruptSpot();

    const plain = await readAll(createMockImds(), paths);
    const setUp = await readAll(imds, paths);

    expect(paths.filter((path) => plain[path]?.status !== 404)).toEqual([]);
    expect(paths.filter((path) => setUp[path]?.status !== 200)).toEqual([]);
  });

  test("lists at the top without slashes, and user data only where there is some", async () => {
    expect(await bodyOf("")).toBe("dynamic\nmeta-data");
    expect(await bodyOf("", { userData: "" })).toBe("dynamic\nmeta-data\nuser-data");
  });

  test("lists public keys by number and name", async () => {
    expect(await bodyOf("meta-data/public-keys/")).toBe("0=mock-key");
    expect(await bodyOf("meta-data/public-keys/0/")).toBe("openssh-key");
  });

  test("lists names in alphabetical order", async () => {
    const names = (await bodyOf("meta-data/", { metadata: { "ancestor-ami-ids": "ami-1" } })).split("\n");

    expect(names).toEqual([...names].sort());
    expect(names).toContain("ancestor-ami-ids");
  });

  test("names the one interface by its MAC address", async () => {
    const mac = await bodyOf("meta-data/mac");

    expect(await bodyOf(`${MACS}/`)).toBe(`${mac}/`);
    expect(await bodyOf(`${MACS}/${mac}/mac`)).toBe(mac);
  });

  test.for([
    ["us-east-1a", "use1-az1", "ip-10-0-0-10.ec2.internal", "ec2-203-0-113-10.compute-1.amazonaws.com"],
    [
      "eu-central-1c",
      "euc1-az3",
      "ip-10-0-0-10.eu-central-1.compute.internal",
      "ec2-203-0-113-10.eu-central-1.compute.amazonaws.com",
    ],
    [
      "ap-southeast-2b",
      "apse2-az2",
      "ip-10-0-0-10.ap-southeast-2.compute.internal",
      "ec2-203-0-113-10.ap-southeast-2.compute.amazonaws.com",
    ],
    [
      "us-gov-west-1a",
      "usgw1-az1",
      "ip-10-0-0-10.us-gov-west-1.compute.internal",
      "ec2-203-0-113-10.us-gov-west-1.compute.amazonaws.com",
    ],
    [
      "cn-north-1a",
      "cnn1-az1",
      "ip-10-0-0-10.cn-north-1.compute.internal",
      "ec2-203-0-113-10.cn-north-1.compute.amazonaws.com.cn",
    ],
  ] as const)("in %s has that Region's names", async ([availabilityZone, zoneId, local, external]) => {
    const options = { availabilityZone };

    expect(await bodyOf("meta-data/placement/availability-zone-id", options)).toBe(zoneId);
    expect(await bodyOf("meta-data/local-hostname", options)).toBe(local);
    expect(await bodyOf("meta-data/public-hostname", options)).toBe(external);
  });

  test.for(["pkcs7", "rsa2048", "signature"])(
    "has a %s that looks like one, always the same",
    async (name) => {
      const imds = createMockImds();
      const path = `dynamic/instance-identity/${name}`;
      const first = await readAll(imds, [path]);
      const second = await readAll(imds, [path]);

      expect(first[path]?.body).toMatch(/^([\w+/]{64}\n)+[\w+/]{1,64}={0,2}$/);
      expect(second[path]?.body).toBe(first[path]?.body);
    },
  );
});

describe("the instance's own credentials", () => {
  const INFO = "meta-data/identity-credentials/ec2/info";
  const DOCUMENT = "meta-data/identity-credentials/ec2/security-credentials/ec2-instance";

  test("are there without a role, and are not counted as the role's", async () => {
    const imds = createMockImds({ roleName: null, accountId: "210987654321" });
    const answers = await readAll(imds, [INFO, DOCUMENT]);

    expect(JSON.parse(answers[INFO]?.body ?? "")).toEqual({
      Code: "Success",
      LastUpdated: expect.stringMatching(/Z$/),
      AccountId: "210987654321",
    });
    expect(JSON.parse(answers[DOCUMENT]?.body ?? "")).toEqual({
      Code: "Success",
      LastUpdated: expect.stringMatching(/Z$/),
      Type: "AWS-HMAC",
      AccessKeyId: expect.stringMatching(/^ASIA/),
      SecretAccessKey: expect.any(String),
      Token: expect.any(String),
      Expiration: expect.stringMatching(/Z$/),
    });
    expect(imds.requests.map(({ step }) => step)).toEqual(["token", "metadata", "metadata"]);
    expect(imds.credentials).toBeUndefined();
  });

  test("differ from the role's, and stay when those rotate", async () => {
    const imds = createMockImds();
    const keyOf = async () => JSON.parse((await readAll(imds, [DOCUMENT]))[DOCUMENT]?.body ?? "").AccessKeyId;
    const before = await keyOf();

    imds.rotate();

    expect(before).not.toBe(imds.credentials?.accessKeyId);
    expect(await keyOf()).toBe(before);
  });
});
