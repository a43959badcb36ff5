import { describe, expect, test } from "vitest";
import { createMockImds, type MockImdsOptions } from "../../src/testing/index.js";
import { exchange, newToken, ROLES_PATH, read, TOKEN_HEADER } from "./client.js";

const bodyAt = async (options: MockImdsOptions, path: string) => {
  await using listener = await createMockImds(options).listen();
  const { status, body } = await read(listener.endpoint, path);
  return { status, body };
};

describe("the role list", () => {
  test.for([
    ROLES_PATH,
    ROLES_PATH.slice(0, -1),
    `/${ROLES_PATH}`,
    ROLES_PATH.replace("latest", "2021-03-23"),
    ROLES_PATH.replace("latest", "2009-04-04"),
    `${ROLES_PATH}?recursive=false`,
  ])("is the role's name at %s", async (path) => {
    expect(await bodyAt({ roleName: "web-server" }, path)).toEqual({ status: 200, body: "web-server" });
  });

  test("is 404 when no instance profile is attached, and the folder is not listed", async () => {
    expect(await bodyAt({ roleName: null }, ROLES_PATH)).toMatchObject({ status: 404 });
    expect((await bodyAt({ roleName: null }, "/latest/meta-data/")).body).not.toMatch(/^iam\/$/m);
  });
});

describe("the role's document", () => {
  test.for([
    `${ROLES_PATH}a+b=c,d.e@f_g-h`,
    `${ROLES_PATH}a%2Bb%3Dc%2Cd.e%40f_g-h`,
    `${ROLES_PATH}/a+b=c,d.e@f_g-h`,
  ])("is found at %s", async (path) => {
    const { status, body } = await bodyAt({ roleName: "a+b=c,d.e@f_g-h" }, path);

    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ Code: "Success" });
  });

  test.for(["other-role", "MOCK-ROLE", "mock-role/more", "constructor", "__proto__", "%2e%2e"])(
    "is 404 for %s, which is not the role",
    async (name) => {
      expect(await bodyAt({}, ROLES_PATH + name)).toMatchObject({ status: 404 });
    },
  );
});

describe("iam/info", () => {
  const INFO = "/latest/meta-data/iam/info";
  const infoOf = async (prepare: (imds: ReturnType<typeof createMockImds>) => void) => {
    const imds = createMockImds({ roleName: "web-server", accountId: "210987654321", region: "cn-north-1" });
    prepare(imds);
    await using listener = await imds.listen();
    const { status, body } = await read(listener.endpoint, INFO);
    const list = await read(listener.endpoint, ROLES_PATH);
    return { status, info: status === 200 ? JSON.parse(body) : undefined, list: [list.status, list.body] };
  };

  test("names the instance profile", async () => {
    const { info } = await infoOf(() => {});

    expect(info).toEqual({
      Code: "Success",
      LastUpdated: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      InstanceProfileArn: "arn:aws-cn:iam::210987654321:instance-profile/web-server",
      InstanceProfileId: expect.stringMatching(/^AIPA[A-Z2-7]{16}$/),
    });
  });

  test("still names it when the role cannot be assumed", async () => {
    expect(await infoOf((imds) => imds.denyAssumeRole())).toMatchObject({
      info: { Code: "Success" },
      list: [200, "web-server"],
    });
  });

  test("is 404 when no instance profile is attached", async () => {
    expect(await infoOf((imds) => imds.detachRole())).toMatchObject({
      status: 404,
      list: [404, expect.anything()],
    });
  });

  test("says InstanceProfileNotFound when the profile was deleted", async () => {
    expect(await infoOf((imds) => imds.detachRole("deleted profile"))).toMatchObject({
      info: { Code: "InstanceProfileNotFound" },
      list: [404, expect.anything()],
    });
  });

  test("says with a message that the profile contains no role", async () => {
    expect(await infoOf((imds) => imds.detachRole("empty profile"))).toMatchObject({
      info: { Code: "Success", Message: expect.stringContaining("not contain a role") },
      list: [200, ""],
    });
  });
});

describe("the instance", () => {
  const CHOSEN: MockImdsOptions = {
    accountId: "210987654321",
    region: "eu-west-3",
    availabilityZone: "eu-west-3c",
    instanceId: "i-00000000000000042",
    tags: { Name: "front", "team:owner": "web & mail" },
  };

  test.for([
    ["placement/region", "eu-west-3"],
    ["placement/region/", "eu-west-3"],
    ["placement/availability-zone", "eu-west-3c"],
    ["instance-id", "i-00000000000000042"],
    ["tags/instance/Name", "front"],
    ["tags/instance/team:owner", "web & mail"],
    ["tags/instance/team%3Aowner", "web & mail"],
    ["tags/instance/", "Name\nteam:owner"],
    ["services/domain", "amazonaws.com"],
    ["services/partition", "aws"],
    ["placement/", "availability-zone\navailability-zone-id\nregion"],
    ["iam/", "info\nsecurity-credentials/"],
  ] as const)("answers %s with what was chosen", async ([path, body]) => {
    expect(await bodyAt(CHOSEN, `/latest/meta-data/${path}`)).toEqual({ status: 200, body });
  });

  test("has an identity document", async () => {
    const { body } = await bodyAt(CHOSEN, "/latest/dynamic/instance-identity/document");

    expect(JSON.parse(body)).toMatchObject({
      accountId: "210987654321",
      region: "eu-west-3",
      availabilityZone: "eu-west-3c",
      instanceId: "i-00000000000000042",
      version: "2017-09-30",
    });
  });

  test.for([
    [{}, "us-east-1", "us-east-1a"],
    [{ region: "ap-south-2" }, "ap-south-2", "ap-south-2a"],
    [{ availabilityZone: "us-gov-west-1b" }, "us-gov-west-1", "us-gov-west-1b"],
    [{ availabilityZone: "us-west-2-lax-1a" }, "us-west-2", "us-west-2-lax-1a"],
  ] as const)("with %j is in %s, %s", async ([options, region, zone]) => {
    await using listener = await createMockImds(options).listen();
    const { body } = await read(listener.endpoint, "/latest/dynamic/instance-identity/document");

    expect(JSON.parse(body)).toMatchObject({ region, availabilityZone: zone });
  });

  test("shows no tags when none were given, and an empty list when there are none", async () => {
    expect(await bodyAt({}, "/latest/meta-data/tags/instance/")).toMatchObject({ status: 404 });
    expect(await bodyAt({ tags: {} }, "/latest/meta-data/tags/instance/")).toEqual({ status: 200, body: "" });
  });

  test("has no user data", async () => {
    expect(await bodyAt({}, "/latest/user-data")).toMatchObject({ status: 404 });
  });
});

describe("a tree walker", () => {
  test.for(["latest", "2021-03-23", "2009-04-04"])("finds every listed path below /%s/", async (version) => {
    await using listener = await createMockImds({ tags: { Name: "front" } }).listen();
    const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint) };
    const files: string[] = [];
    const walk = async (folder: string): Promise<void> => {
      const { status, body } = await exchange(listener.endpoint, folder, { headers });
      expect({ folder, status }).toEqual({ folder, status: 200 });
      for (const name of body.split("\n")) {
        if (name.endsWith("/")) await walk(folder + name);
        else if (folder === `/${version}/`) await walk(`${folder}${name}/`);
        // A public key is listed with its name, and its folder has one file.
        else if (name.includes("=")) await walk(`${folder}${name.split("=")[0]}/`);
        else files.push(folder + name);
      }
    };

    await walk(`/${version}/`);
    const statuses = await Promise.all(files.map((path) => exchange(listener.endpoint, path, { headers })));

    expect(statuses.every(({ status, body }) => status === 200 && body !== "")).toBe(true);
    expect(files).toEqual(
      expect.arrayContaining(
        [
          "meta-data/iam/info",
          "meta-data/iam/security-credentials/mock-role",
          "meta-data/instance-id",
          "meta-data/placement/region",
          "meta-data/tags/instance/Name",
          "dynamic/instance-identity/document",
        ].map((path) => `/${version}/${path}`),
      ),
    );
  });

  test("finds the versions at the root", async () => {
    const { body } = await bodyAt({}, "/");

    expect(body.split("\n")).toEqual(expect.arrayContaining(["2009-04-04", "2021-03-23", "latest"]));
  });
});

describe("a path that is not there", () => {
  test.for(["/latest/no-such-thing", "/latest/api/", "/2099-01-01/meta-data/", "/elsewhere", "/favicon.ico"])(
    "is 404 with a token: %s",
    async (path) => {
      await using listener = await createMockImds().listen();
      const { status, headers, body } = await read(listener.endpoint, path);

      expect({ status, type: headers["content-type"] }).toEqual({ status: 404, type: "text/html" });
      expect(body).toContain("404 - Not Found");
    },
  );

  test("is 400 when it cannot be decoded", async () => {
    expect(await bodyAt({}, "/latest/%zz")).toMatchObject({ status: 400 });
  });
});

describe("methods", () => {
  test.for(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s of metadata is 405", async (method) => {
    await using listener = await createMockImds().listen();

    const { status, headers } = await read(listener.endpoint, ROLES_PATH, method);

    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: "GET, HEAD" });
  });

  test("HEAD gives the headers of GET and no body", async () => {
    await using listener = await createMockImds().listen();

    const [got, head] = [
      await read(listener.endpoint, ROLES_PATH),
      await read(listener.endpoint, ROLES_PATH, "HEAD"),
    ];

    expect({ status: head.status, length: head.headers["content-length"], body: head.body }).toEqual({
      status: 200,
      length: got.headers["content-length"],
      body: "",
    });
  });
});

test("answers carry the headers of EC2", async () => {
  await using listener = await createMockImds().listen();
  const { headers } = await read(listener.endpoint, ROLES_PATH);

  expect(headers).toEqual({
    server: "EC2ws",
    date: expect.stringMatching(/GMT$/),
    "last-modified": expect.stringMatching(/GMT$/),
    "content-type": "text/plain",
    "content-length": "9",
    "accept-ranges": "none",
    connection: "close",
  });
});
