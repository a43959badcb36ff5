import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { InstanceMetadataClient } from "../../src/index.js";
import { createMockImds, type MockImds } from "../../src/testing/index.js";
import { newToken, ROLES_PATH, read, TOKEN_HEADER } from "./client.js";

const bodyAt = async (imds: MockImds, path: string) => {
  await using listener = await imds.listen();
  const { status, body } = await read(listener.endpoint, path);
  return status === 200 ? body : status;
};

async function bytesAt(imds: MockImds, path: string) {
  await using listener = await imds.listen();
  const headers = { [TOKEN_HEADER]: await newToken(listener.endpoint) };
  const response = await fetch(listener.endpoint + path, { headers });
  return { type: response.headers.get("content-type"), bytes: Buffer.from(await response.arrayBuffer()) };
}

describe("metadata of a test's own", () => {
  test.for([
    "placement/region",
    "/placement/region/",
    "meta-data/placement/region",
    "/latest/meta-data/placement/region",
    "/2021-03-23/meta-data/placement/region",
  ])("replaces a path that is written as %s, for all versions", async (path) => {
    const imds = createMockImds({ metadata: { [path]: "moon-south-1" } });

    expect(await bodyAt(imds, "/latest/meta-data/placement/region")).toBe("moon-south-1");
    expect(await bodyAt(imds, "/2020-10-27/meta-data/placement/region")).toBe("moon-south-1");
    expect(await bodyAt(imds, "/latest/meta-data/placement/availability-zone")).toBe("us-east-1a");
  });

  test("adds paths and the folders above them, which are listed", async () => {
    const imds = createMockImds({ metadata: { "managed/by/team": "blue", "dynamic/fws/more": "" } });

    expect(await bodyAt(imds, "/latest/meta-data/managed/by/team")).toBe("blue");
    expect(await bodyAt(imds, "/latest/meta-data/managed/")).toBe("by/");
    expect(await bodyAt(imds, "/latest/meta-data/")).toMatch(/^managed\/$/m);
    expect(await bodyAt(imds, "/latest/dynamic/fws/")).toBe("instance-monitoring\nmore");
    expect(await bodyAt(imds, "/latest/dynamic/fws/more")).toBe("");
  });

  test("takes away a path, or a folder with all that is in it; no empty folder stays", async () => {
    const imds = createMockImds({
      metadata: { "public-ipv4": null, network: null, "hibernation/configured": null, "no/such/path": null },
    });

    const list = await bodyAt(imds, "/latest/meta-data/");

    expect(list).not.toMatch(/^(public-ipv4|network\/|hibernation\/|no\/)$/m);
    expect(list).toMatch(/^public-hostname$/m);
    expect(await bodyAt(imds, "/latest/meta-data/public-ipv4")).toBe(404);
    expect(await bodyAt(imds, "/latest/meta-data/hibernation/")).toBe(404);
  });

  test("may have names that every object has", async () => {
    const imds = createMockImds();
    imds.setMetadata("__proto__/constructor", "there");

    expect(await bodyAt(imds, "/latest/meta-data/__proto__/constructor")).toBe("there");
    expect(await bodyAt(imds, "/latest/meta-data/__proto__/toString")).toBe(404);
  });

  test("may replace the role's document", async () => {
    const imds = createMockImds({ metadata: { "iam/security-credentials/mock-role": "{}" } });

    expect(await bodyAt(imds, `${ROLES_PATH}mock-role`)).toBe("{}");
    expect(imds.requests.at(-1)?.step).toBe("credentials");
  });

  test("changes while the mock runs, the last word counts, and reset goes back to the options", async () => {
    const imds = createMockImds({ metadata: { "instance-type": "m7g.large" } });
    const path = "/latest/meta-data/instance-type";

    imds.setMetadata("instance-type", "c7g.large");
    expect(await bodyAt(imds, path)).toBe("c7g.large");
    imds.setMetadata(path, null);
    expect(await bodyAt(imds, path)).toBe(404);
    imds.setMetadata("meta-data/instance-type", "t4g.nano");
    expect(await bodyAt(imds, path)).toBe("t4g.nano");
    imds.reset();
    expect(await bodyAt(imds, path)).toBe("m7g.large");
  });

  test("needs a token like any other", async () => {
    const imds = createMockImds({ metadata: { mine: "x" } });
    await using listener = await imds.listen();

    expect(await fetch(`${listener.endpoint}/latest/meta-data/mine`)).toMatchObject({ status: 401 });
  });
});

describe("binary content", () => {
  const PACKED = gzipSync("#cloud-config\n");

  test("of user data arrives byte for byte", async () => {
    const imds = createMockImds({ userData: PACKED });

    expect(await bytesAt(imds, "/latest/user-data")).toEqual({
      type: "application/octet-stream",
      bytes: PACKED,
    });
  });

  test("of a path arrives byte for byte", async () => {
    const imds = createMockImds({ metadata: { packed: new Uint8Array(PACKED) } });

    expect((await bytesAt(imds, "/latest/meta-data/packed")).bytes).toEqual(PACKED);
  });

  test("is a copy: what happens to the test's bytes changes nothing", async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const imds = createMockImds({ userData: bytes, metadata: { bytes } });
    bytes.fill(0);

    expect([...(await bytesAt(imds, "/latest/user-data")).bytes]).toEqual([1, 2, 3]);
    expect([...(await bytesAt(imds, "/latest/meta-data/bytes")).bytes]).toEqual([1, 2, 3]);
  });
});

test("user data is there when it was given, as text too", async () => {
  const imds = createMockImds({ userData: "#!/bin/sh\necho grüezi\n" });
  await using listener = await imds.listen();
  const client = new InstanceMetadataClient({ endpoint: listener.endpoint });

  expect(await client.get("/latest/user-data")).toBe("#!/bin/sh\necho grüezi\n");
  expect(await bodyAt(createMockImds(), "/latest/user-data")).toBe(404);
});
