import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, onTestFinished, test, vi } from "vitest";
import { runServe } from "../../src/cli/serve.js";
import { createMockImds, type MockImds } from "../../src/testing/index.js";
import { CLEAN_ENVIRONMENT } from "../support/child-process.js";

const COMMAND = fileURLToPath(new URL("../../src/cli/index.ts", import.meta.url));

/** Prints what the variables in its environment lead to. */
const CLIENT = `
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = process.env;
  fetch(url, { headers: { authorization: token } })
    .then((response) => response.text())
    .then((body) => console.log(body));`;

interface Instance {
  readonly imds: MockImds;
  readonly env: Readonly<Record<string, string>>;
}

async function startInstance(): Promise<Instance> {
  const imds = createMockImds({ roleName: "web-server" });
  const listener = await imds.listen();
  onTestFinished(() => listener.close());
  return { imds, env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: listener.endpoint } };
}

/** Starts `serve`, and collects what it and the command write. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ["--import", "tsx", COMMAND, "serve", ...args], {
    env: { ...CLEAN_ENVIRONMENT, ...env },
    stdio: "pipe",
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    output.stderr += chunk;
  });
  const closed = once(child, "close");
  const ended = async () => {
    const [status] = (await closed) as [number | null];
    return { status, ...output };
  };
  return { child, output, ended };
}

/** Runs `serve` to its end, with nothing on its standard input. */
function run(args: readonly string[], env?: Readonly<Record<string, string>>) {
  const { child, ended } = start(args, env);
  child.stdin.end();
  return ended();
}

const NODE = [process.execPath, "-e"];

describe("serve -- command", () => {
  test("gives the command the role's credentials", async () => {
    const { imds, env } = await startInstance();

    const { status, stdout, stderr } = await run(["--", ...NODE, CLIENT], env);

    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      AccessKeyId: imds.credentials?.accessKeyId,
      SecretAccessKey: imds.credentials?.secretAccessKey,
      Token: imds.credentials?.sessionToken,
      Expiration: imds.credentials?.expiration?.toISOString(),
    });
  });

  test("gives it to the processes of the command, all of them with one fetch", async () => {
    const { imds, env } = await startInstance();
    const parent = `
      const { spawn } = require("node:child_process");
      for (let i = 0; i < 4; i++) spawn(process.execPath, ["-e", ${JSON.stringify(CLIENT)}], { stdio: "inherit" });`;

    const { stdout } = await run(["--", ...NODE, parent], env);

    const keys = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).AccessKeyId);
    expect(keys).toEqual(Array(4).fill(imds.credentials?.accessKeyId));
    expect(imds.requests.filter(({ step }) => step === "credentials")).toHaveLength(1);
  });

  test("takes its status, its arguments as they are, and its standard input", async () => {
    const { env } = await startInstance();
    const source =
      "process.stdin.pipe(process.stdout).on('finish', () => {}); process.stdin.on('end', () => { console.error(process.argv.slice(1).join()); process.exitCode = 7; })";
    const { child, ended } = start(["--", ...NODE, source, "a b", "--help", "--"], env);
    child.stdin.end("through");

    const { status, stdout, stderr } = await ended();

    expect({ status, stdout, stderr }).toEqual({ status: 7, stdout: "through", stderr: "a b,--help,--\n" });
  });

  test.for(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"] as const)(
    "passes %s on, and waits for what the command makes of it",
    async (signal) => {
      const { env } = await startInstance();
      const source = `process.on("${signal}", () => { console.log("${signal}"); process.exit(5); });
        setInterval(() => {}, 1000);
        console.log("ready");`;
      const { child, output, ended } = start(["--", ...NODE, source], env);
      await vi.waitUntil(() => output.stdout.includes("ready"), { timeout: 60_000 });

      child.kill(signal);

      expect(await ended()).toEqual({ status: 5, stdout: `ready\n${signal}\n`, stderr: "" });
    },
  );

  test.for([
    ["a command that a signal ended is 128 and its number", ["sh", "-c", "kill -KILL $$"], 137, /^$/],
    [
      "a command that is not there is 127",
      ["/nonexistent/program"],
      127,
      /cannot run \/nonexistent\/program: not found\n$/,
    ],
    ["a command that is no program is 126", [CLEAN_ENVIRONMENT.TMPDIR ?? "/tmp"], 126, /: EACCES\n$/],
  ] as const)("%s", async ([, command, expected, message]) => {
    const { env } = await startInstance();

    const { status, stderr } = await run(["--", ...command], env);

    expect(status).toBe(expected);
    expect(stderr).toMatch(message);
  });

  test("runs the command though there are no credentials, and reports why", async () => {
    const { imds, env } = await startInstance();
    imds.detachRole();

    const { status, stdout, stderr } = await run(["--", ...NODE, CLIENT], env);

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ Code: "NO_ROLE_ATTACHED" });
    expect(stderr).toMatch(/^ec2-role-credentials serve: No credentials yet: .* \[NO_ROLE_ATTACHED\]\n$/);
  });

  test.for([
    ["--role", ["--role", "other"], {}, "other"],
    ["--endpoint", ["--endpoint"], { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:9" }, "web-server"],
  ] as const)("%s counts", async ([, flags, override, role]) => {
    const { imds, env } = await startInstance();
    if (role === "other") imds.attachRole(role);
    const endpoint = flags.length === 1 ? [env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? ""] : [];

    const { stdout } = await run([...flags, ...endpoint, "--", ...NODE, CLIENT], { ...env, ...override });

    expect(JSON.parse(stdout)).toMatchObject({ AccessKeyId: imds.credentials?.accessKeyId });
    expect(imds.requests.some(({ path }) => path.endsWith(`/${role}`))).toBe(true);
    expect(imds.requests.some(({ step }) => step === "role")).toBe(role === "web-server");
  });

  test("--profile and --timeout count", async () => {
    const { imds, env } = await startInstance();
    const file = join(inject("runDirectory"), `serve-profile-${process.pid}`);
    await writeFile(
      file,
      `[profile app]\nec2_metadata_service_endpoint = ${env.AWS_EC2_METADATA_SERVICE_ENDPOINT}\n`,
    );
    const files = { AWS_CONFIG_FILE: file, AWS_EC2_METADATA_SERVICE_ENDPOINT: "" };

    const byProfile = await run(["--profile", "app", "--", ...NODE, CLIENT], files);
    imds.expireTokens();
    imds.delay(1200, "token");
    const patient = await run(["--timeout", "60000", "--", ...NODE, CLIENT], env);

    expect(JSON.parse(byProfile.stdout)).toHaveProperty("AccessKeyId");
    // With the default, a second, no attempt would be long enough.
    expect(JSON.parse(patient.stdout)).toHaveProperty("AccessKeyId");
  });

  test("what would win over it in the environment is taken away from the command", async () => {
    const { env } = await startInstance();
    const others = {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/var/run/token",
    };
    const source =
      "console.log(Object.keys(process.env).filter((name) => name.includes('CONTAINER_')).sort().join())";

    const { stdout } = await run(["--", ...NODE, source], { ...env, ...others });

    expect(stdout).toBe("AWS_CONTAINER_AUTHORIZATION_TOKEN,AWS_CONTAINER_CREDENTIALS_FULL_URI\n");
  });
});

describe("serve reports credentials that SDKs use before those that it serves", () => {
  const profile = async (section: string): Promise<Record<string, string>> => {
    const file = join(inject("runDirectory"), `serve-${process.pid}-${Math.random()}`);
    await writeFile(file, section);
    return { AWS_CONFIG_FILE: file };
  };
  const KEYS = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = s3cr3t\n";

  test.for<[string, () => Promise<Record<string, string>>, RegExp]>([
    [
      "keys in the environment",
      async () => ({ AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "s3cr3t" }),
      /AWS_ACCESS_KEY_ID/,
    ],
    [
      "a web identity",
      async () => ({ AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/token", AWS_ROLE_ARN: "arn:aws:iam::1:role/x" }),
      /AWS_WEB_IDENTITY_TOKEN_FILE/,
    ],
    [
      "keys in the default profile",
      () => profile(`[default]\n${KEYS}`),
      /profile "default" .*aws_access_key_id/,
    ],
    [
      "a role of the profile that the environment names",
      async () => ({
        ...(await profile(
          "[profile app]\nrole_arn = arn:aws:iam::1:role/x\ncredential_source = Ec2InstanceMetadata\n",
        )),
        AWS_PROFILE: "app",
      }),
      /profile "app" .*role_arn/,
    ],
  ])("%s", async ([, settings, expected]) => {
    const { env } = await startInstance();

    const { status, stderr } = await run(["--", "true"], { ...env, ...(await settings()) });

    expect(status).toBe(0);
    expect(stderr).toMatch(expected);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).not.toContain("s3cr3t");
  });

  test("and nothing where the profile is another, or has settings only", async () => {
    const { env } = await startInstance();
    const settings = await profile(`[default]\nregion = eu-central-1\n[profile other]\n${KEYS}`);

    expect(await run(["--", "true"], { ...env, ...settings })).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("serve --print-env", () => {
  test.for(["SIGINT", "SIGTERM"] as const)(
    "prints the variables, serves until %s, and ends well",
    async (signal) => {
      const { imds, env } = await startInstance();
      const { child, output, ended } = start(["--print-env"], env);
      await vi.waitUntil(() => /TOKEN=\S+\n.*Ctrl-C/s.test(output.stdout + output.stderr), {
        timeout: 60_000,
      });
      const [, url = ""] =
        /^export AWS_CONTAINER_CREDENTIALS_FULL_URI=(http:\/\/127\.0\.0\.1:\d+\/\S*)$/m.exec(output.stdout) ??
        [];
      const [, authorization = ""] =
        /^export AWS_CONTAINER_AUTHORIZATION_TOKEN=(\S+)$/m.exec(output.stdout) ?? [];

      const answer = await fetch(url, { headers: { authorization } });
      child.kill(signal);
      const { status, stderr } = await ended();

      expect(await answer.json()).toMatchObject({ AccessKeyId: imds.credentials?.accessKeyId });
      expect(status).toBe(0);
      expect(stderr).not.toContain(authorization);
      await expect(fetch(url)).rejects.toThrow();
    },
  );
});

test.for([
  ["alone", ["--print-env"]] as const,
  [
    "with a command",
    ["--", process.execPath, "-e", 'console.log("TOKEN="); setInterval(() => {}, 1000)'],
  ] as const,
])("serve that npx has started ends with the shell of npx: %s", async ([, args]) => {
  const { env } = await startInstance();
  const line = [process.execPath, "--import", "tsx", COMMAND, "serve", ...args];
  // The second command keeps the shell from becoming the first.
  const shell = spawn("sh", ["-c", '"$@"; true', "sh", ...line], {
    env: { ...CLEAN_ENVIRONMENT, ...env, npm_lifecycle_event: "npx" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void shell.kill("SIGKILL"));
  const closed = once(shell, "close");
  let stdout = "";
  shell.stdout.setEncoding("utf8").on("data", (chunk) => {
    stdout += chunk;
  });
  await vi.waitUntil(() => stdout.includes("TOKEN="), { timeout: 60_000 });

  shell.kill("SIGTERM");

  // The pipe is closed when the last process that has it is gone: serve, and its command.
  await closed;
});

describe("serve refuses, in one line and without running anything,", () => {
  test.for<[string, readonly string[], RegExp]>([
    ["to print the token unasked", [], /A command is missing.*--print-env/],
    ["an empty command", ["--"], /A command is missing/],
    ["--print-env with a command", ["--print-env", "--", "touch", "x"], /--print-env/],
    ["a command without --", ["touch", "x"], /Put -- before the command: serve -- touch/],
    ["a host", ["--host", "0.0.0.0", "--", "touch", "x"], /127\.0\.0\.1 only/],
    ["a host after =", ["--host=0.0.0.0", "--", "touch", "x"], /127\.0\.0\.1 only/],
    ["a port that is too high", ["--port", "65536", "--", "touch", "x"], /--port must be .*not "65536"/],
    ["a port that is no number", ["--port", "0x10", "--", "touch", "x"], /--port must be .*not "0x10"/],
    ["a timeout that is no number", ["--timeout", "1s", "--", "touch", "x"], /--timeout must be/],
    ["a role name that cannot be", ["--role", "a b", "--", "touch", "x"], /--role must be/],
    ["an endpoint that is none", ["--endpoint", "ftp://x", "--", "touch", "x"], /--endpoint must be/],
    ["an option that it does not have", ["--unknown", "--", "touch", "x"], /--unknown/],
  ])("%s", async ([, args, message]) => {
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);

    const status = await runServe([...args]);
    const written = stderr.mock.calls.join("").trimEnd().split("\n");

    expect(status).toBe(2);
    expect(stdout).not.toHaveBeenCalled();
    expect(written).toEqual([expect.stringMatching(message), "Options: ec2-role-credentials serve --help"]);
  });

  test("a port in use", async () => {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;

    const { status, stdout, stderr } = await run(["--port", String(port), "--", "echo", "ran"]);

    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(`^ec2-role-credentials serve: Port ${port} of 127\\.0\\.0\\.1 is in use.*\\n$`),
    );
  });
});

test("serve --help explains every option", async () => {
  const { status, stdout } = await run(["--help"]);

  expect(status).toBe(0);
  for (const flag of ["endpoint", "role", "profile", "timeout", "port", "print-env"]) {
    expect(stdout).toContain(`--${flag} `);
  }
});
