import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CephPorts, cephConfig } from "./ceph-config.js";
import { Daemon, must, until } from "./processes.js";

/** What a test needs to get temporary credentials from the gateway. */
export interface GatewayAccess {
  readonly endpoint: string;
  /** The permanent key of a user who may assume the role. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The instance's role. It may do everything in S3. */
  readonly roleArn: string;
  /** A role that the instance's role may assume. It may do everything in S3. */
  readonly assumedRoleArn: string;
}

export interface Gateway {
  readonly access: GatewayAccess;
  stop(): Promise<void>;
}

const USER = "e2e";
const ROLE = "e2e-role";
const ASSUMED_ROLE = "e2e-reporting";

/** Starts Ceph's object gateway with STS on loopback; its state is in memory and in a temporary folder. */
export async function startGateway(): Promise<Gateway> {
  const directory = await mkdtemp(join(tmpdir(), "e2e-ceph-"));
  const daemons: Daemon[] = [];
  const stop = async () => {
    for (const daemon of daemons.reverse()) await daemon.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    return { access: await start(directory, daemons), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(directory: string, daemons: Daemon[]): Promise<GatewayAccess> {
  const [monV2, monV1, gateway] = await freePorts();
  const ports: CephPorts = { monV2, monV1, gateway };
  const fsid = randomUUID();
  const conf = join(directory, "ceph.conf");
  await writeFile(conf, cephConfig(directory, fsid, randomBytes(8).toString("hex"), ports));
  const check = () => {
    for (const daemon of daemons) daemon.check();
  };
  const run = (name: string, ...args: string[]) =>
    daemons.push(new Daemon(name, ["-c", conf, "-f", ...args], join(directory, `${name}.out`)));
  const ceph = (...args: string[]) => must("ceph", ["-c", conf, "--connect-timeout", "5", ...args]);

  await makeKeyring(join(directory, "keyring"));
  await makeMonitor(directory, conf, fsid, ports);
  run("ceph-mon", "-i", "a");
  await until(() => ceph("-s"), 60, check);

  const osd = randomUUID();
  await ceph("osd", "new", osd);
  await mkdir(join(directory, "osd"));
  await must("ceph-osd", ["-c", conf, "-i", "0", "--mkfs", "--osd-uuid", osd]);
  run("ceph-osd", "-i", "0");
  run("radosgw", "-n", "client.admin");
  const endpoint = `http://127.0.0.1:${gateway}`;
  await until(() => fetch(endpoint), 120, check);
  return { endpoint, ...(await makeRoles(conf)) };
}

async function makeKeyring(file: string): Promise<void> {
  await must("ceph-authtool", ["--create-keyring", file]);
  for (const [name, services] of [
    ["mon.", ["mon"]],
    ["client.admin", ["mon", "osd", "mgr"]],
    ["osd.0", ["mon", "osd"]],
  ] as const) {
    const caps = services.flatMap((service) => ["--cap", service, "allow *"]);
    await must("ceph-authtool", [file, "--gen-key", "-n", name, ...caps]);
  }
}

async function makeMonitor(directory: string, conf: string, fsid: string, ports: CephPorts): Promise<void> {
  const map = join(directory, "monmap");
  const addresses = `[v2:127.0.0.1:${ports.monV2},v1:127.0.0.1:${ports.monV1}]`;
  await must("monmaptool", ["--create", "--fsid", fsid, "--addv", "a", addresses, map]);
  await mkdir(join(directory, "mon"));
  const keyring = join(directory, "keyring");
  await must("ceph-mon", ["-c", conf, "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring]);
}

type Admin = (...args: string[]) => Promise<string>;

const statement = (fields: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...fields }] });

/** A user with a permanent key, a role that it may assume, and a role that this one may assume. */
async function makeRoles(conf: string): Promise<Omit<GatewayAccess, "endpoint">> {
  const admin: Admin = (...args) => must("radosgw-admin", ["-c", conf, "-n", "client.admin", ...args]);
  const [accessKeyId, secretAccessKey] = [randomBytes(10).toString("hex"), randomBytes(20).toString("hex")];
  const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
  await admin("user", "create", `--uid=${USER}`, `--display-name=${USER}`, ...keys);
  await admin("caps", "add", `--uid=${USER}`, "--caps=roles=*");
  return {
    accessKeyId,
    secretAccessKey,
    roleArn: await makeRole(admin, ROLE, `arn:aws:iam:::user/${USER}`),
    assumedRoleArn: await makeRole(admin, ASSUMED_ROLE, `arn:aws:iam:::role/${ROLE}`),
  };
}

/** A role that may do everything, and that `trusted` may assume. @returns its ARN */
async function makeRole(admin: Admin, name: string, trusted: string): Promise<string> {
  const trust = statement({ Principal: { AWS: [trusted] }, Action: ["sts:AssumeRole"] });
  const role: unknown = JSON.parse(
    await admin("role", "create", `--role-name=${name}`, `--assume-role-policy-doc=${trust}`),
  );
  const policy = statement({ Action: ["s3:*", "sts:*"], Resource: ["arn:aws:s3:::*"] });
  const allow = ["--policy-name=everything", `--policy-doc=${policy}`];
  await admin("role-policy", "put", `--role-name=${name}`, ...allow);
  return arnOf(role);
}

function arnOf(role: unknown): string {
  if (typeof role === "object" && role !== null && "Arn" in role) return String(role.Arn);
  throw new Error("radosgw-admin has shown no Arn of the new role");
}

/** Three ports that were free a moment ago. All are held until the last one is known, so that they differ. */
async function freePorts(): Promise<[number, number, number]> {
  const servers = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const [first, second, third] = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  if (first === undefined || second === undefined || third === undefined) throw new Error("no free ports");
  return [first, second, third];
}
