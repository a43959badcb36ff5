import { execFile } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdtemp, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, inject, test, vi } from "vitest";
import type { InstanceRoleOptions } from "../../src/index.js";
import { fromInstanceRole } from "../../src/index.js";
import { createMockImds } from "../../src/testing/index.js";
import type { ListeningImds } from "../support/listening-imds.js";
import { listeningImds } from "../support/listening-imds.js";
import { section } from "../support/shared-config.js";

vi.mock("node:os", async (original) => {
  const real = await original<typeof import("node:os")>();
  return { ...real, homedir: vi.fn(real.homedir) };
});

const opened: string[] = [];
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const open: typeof real.open = (path, ...rest) => {
    opened.push(String(path));
    return real.open(path, ...rest);
  };
  return { ...real, open };
});

const run = promisify(execFile);
const KEY = "ec2_instance_profile_name";
const named = (role: string, header = "default") => section(header, { [KEY]: role });

let imds: ListeningImds;
let folder: string;

beforeEach(async () => {
  imds = await listeningImds();
  folder = await mkdtemp(join(inject("runDirectory"), "shared-files-"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.mocked(homedir).mockReset().mockReturnValue("/nonexistent");
  await imds[Symbol.asyncDispose]();
});

/** The role that the provider asks for: the one that the shared files name, or the one that is attached. */
async function roleAskedFor(options: InstanceRoleOptions = {}): Promise<string | undefined> {
  const provider = fromInstanceRole({ endpoint: imds.endpoint, timeout: 10_000, shared: false, ...options });
  // Only one of the names is attached: the others are answered with 404.
  await provider().catch(() => undefined);
  return imds.requests.at(-1)?.path.split("/").at(-1);
}

async function useFiles(files: { config?: string; credentials?: string }): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "credentials"));
}

describe("the two files", () => {
  test("the credentials file is read", async () => {
    await useFiles({ credentials: named("from-credentials") });
    expect(await roleAskedFor()).toBe("from-credentials");
  });

  test("the config file overrides the credentials file", async () => {
    await useFiles({ config: named("from-config"), credentials: named("from-credentials") });
    expect(await roleAskedFor()).toBe("from-config");
  });

  test("a key that is empty in the config file is taken from the credentials file", async () => {
    await useFiles({ config: `[default]\n${KEY} =\n`, credentials: named("from-credentials") });
    expect(await roleAskedFor()).toBe("from-credentials");
  });

  test("a profile is [profile NAME] in one and [NAME] in the other", async () => {
    await useFiles({ config: named("wrong", "app"), credentials: named("from-credentials", "app") });
    expect(await roleAskedFor({ profile: "app" })).toBe("from-credentials");
  });

  test("a change is seen by the next provider, in the same file", async () => {
    await useFiles({ config: named("first") });
    expect(await roleAskedFor()).toBe("first");
    await useFiles({ config: named("second") });
    expect(await roleAskedFor()).toBe("second");
  });

  test("providers that start together read each file once", async () => {
    await useFiles({ config: named("from-config"), credentials: "" });
    opened.length = 0;
    await Promise.all(Array.from({ length: 100 }, () => roleAskedFor()));
    expect(opened.sort()).toEqual([join(folder, "config"), join(folder, "credentials")]);
  });
});

describe("where they are", () => {
  const inHome = async () => {
    await run("mkdir", ["-p", join(folder, ".aws")]);
    await writeFile(join(folder, ".aws", "config"), named("from-home"));
    vi.stubEnv("AWS_CONFIG_FILE", undefined);
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", undefined);
  };

  test("below HOME", async () => {
    await inHome();
    vi.stubEnv("HOME", folder);
    expect(await roleAskedFor()).toBe("from-home");
  });

  test.each([undefined, ""])("below the user's home directory when HOME is %j", async (home) => {
    await inHome();
    vi.stubEnv("HOME", home);
    vi.mocked(homedir).mockReturnValue(folder);
    expect(await roleAskedFor()).toBe("from-home");
  });

  test("~ is the home directory, whatever characters are in it", async () => {
    const home = join(folder, "$& $1 $$");
    await run("mkdir", ["-p", home]);
    await writeFile(join(home, "config"), named("from-tilde"));
    vi.stubEnv("HOME", home);
    vi.stubEnv("AWS_CONFIG_FILE", "~/config");
    expect(await roleAskedFor()).toBe("from-tilde");
  });

  test("a link leads to the file", async () => {
    await writeFile(join(folder, "target"), named("from-link"));
    await symlink(join(folder, "target"), join(folder, "config"));
    await useFiles({});
    expect(await roleAskedFor()).toBe("from-link");
  });

  describe.each([
    [
      "throws, as where the user has no passwd entry",
      () => vi.mocked(homedir).mockImplementation(noPasswdEntry),
    ],
    ["gives null, as on Deno", () => vi.mocked(homedir).mockReturnValue(null as never)],
    ["gives an empty string", () => vi.mocked(homedir).mockReturnValue("")],
  ] as const)("HOME is unset and os.homedir() %s", (_, loseHome) => {
    test("there is no file", async () => {
      vi.stubEnv("HOME", undefined);
      vi.stubEnv("AWS_CONFIG_FILE", undefined);
      vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", undefined);
      loseHome();
      expect(await roleAskedFor()).toBe("app-role");
    });

    test("~ leads to no file", async () => {
      vi.stubEnv("HOME", undefined);
      vi.stubEnv("AWS_CONFIG_FILE", "~/config");
      loseHome();
      expect(await roleAskedFor()).toBe("app-role");
    });

    test("a file that a variable names is read", async () => {
      await useFiles({ config: named("from-config") });
      vi.stubEnv("HOME", undefined);
      loseHome();
      expect(await roleAskedFor()).toBe("from-config");
    });
  });
});

const noPasswdEntry = (): never => {
  throw Object.assign(new Error("A system error occurred: uv_os_get_passwd returned ENOENT (no such file)"), {
    name: "SystemError",
    code: "ERR_SYSTEM_ERROR",
  });
};

describe("what counts as empty", () => {
  const lines: string[] = [];
  const logger = {
    debug: (line: string) => lines.push(line),
    info: (line: string) => lines.push(`info ${line}`),
    warn: (line: string) => lines.push(`warn ${line}`),
    error: (line: string) => lines.push(`error ${line}`),
  };
  beforeEach(() => {
    lines.length = 0;
  });
  const mebibyte = (extra: number) => named("large").padEnd(1024 * 1024 + extra, "\n");

  test("a FIFO, at once", async () => {
    await run("mkfifo", [join(folder, "config")]);
    await useFiles({});
    expect(await roleAskedFor({ logger })).toBe("app-role");
    expect(lines).toContainEqual(
      expect.stringContaining(`${join(folder, "config")} is ignored: it is not a regular`),
    );
  });

  test("a FIFO into which a process writes", async () => {
    const path = join(folder, "config");
    await run("mkfifo", [path]);
    await useFiles({});
    const descriptor = openSync(path, "r+");
    writeSync(descriptor, named("from-fifo"));
    expect(await roleAskedFor()).toBe("app-role");
    closeSync(descriptor);
  });

  test.each(["/dev/zero", "/dev/null", "/dev"])("%s", async (path) => {
    vi.stubEnv("AWS_CONFIG_FILE", path);
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", path);
    expect(await roleAskedFor()).toBe("app-role");
  });

  test("a link that leads to itself", async () => {
    await symlink(join(folder, "config"), join(folder, "config"));
    await useFiles({});
    expect(await roleAskedFor()).toBe("app-role");
  });

  test("a file of more than 1 MiB, with a debug line that says so", async () => {
    await useFiles({ config: mebibyte(1) });
    expect(await roleAskedFor({ logger })).toBe("app-role");
    const debugLine = lines.filter((line) => line.includes(join(folder, "config")));
    expect(debugLine).toEqual([
      expect.stringMatching(
        /^ec2-role-credentials: the shared config file .* is ignored: it is larger than 1 MiB$/,
      ),
    ]);
  });

  test("but not a file of 1 MiB", async () => {
    await useFiles({ config: mebibyte(0) });
    expect(await roleAskedFor({ logger })).toBe("large");
    expect(lines.filter((line) => line.includes("ignored"))).toEqual([]);
  });
});

test("when file descriptors run out, each call fails or has the file's settings", async () => {
  const mock = createMockImds({ roleName: "of-the-file" });
  await using listener = await mock.listen();
  await useFiles({ config: named("of-the-file") });
  const program = fileURLToPath(new URL("programs/short-of-descriptors.ts", import.meta.url));
  const { stdout } = await run(
    "bash",
    ["-c", 'ulimit -n 64 && exec "$0" --import tsx "$1"', process.execPath, program],
    {
      env: {
        ...process.env,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint,
        AWS_METADATA_SERVICE_TIMEOUT: "60",
      },
    },
  );
  const { short, afterwards }: { short: string[][]; afterwards: string[] } = JSON.parse(stdout);
  expect(short[0]).toEqual(["IMDS_UNREACHABLE", "IMDS_UNREACHABLE", "IMDS_UNREACHABLE"]);
  expect(new Set(short.flat())).toEqual(new Set(["IMDS_UNREACHABLE", "of-the-file"]));
  expect(new Set(afterwards)).toEqual(new Set(["of-the-file"]));
  // A provider without the file's settings would have read the role list.
  expect(mock.requests.filter(({ step }) => step === "role")).toEqual([]);
});
