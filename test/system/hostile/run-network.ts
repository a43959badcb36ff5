// npm run test:network: installs the programs that the tests in network namespaces need, when they are missing and can
// be installed. That they are missing is a failure; only that the kernel allows no such networks is a reason to skip.

import { spawnSync } from "node:child_process";
import { installWhatIsMissing, missingOf, type Programs } from "../e2e/debian-packages.js";
import { failFor, runTests, skip } from "../e2e/run-tests.js";

const PROGRAMS: Programs = {
  iproute2: ["ip"],
  nftables: ["nft"],
  "util-linux": ["unshare", "nsenter"],
};

/** What has to be possible: a pair of interfaces, a router, and rules that count, drop and change packets. */
const TRIAL = `
  ip link set lo up && ip link add trial0 type veth peer name trial1 &&
  echo 1 > /proc/sys/net/ipv4/ip_forward &&
  nft 'add table ip trial; add chain ip trial out { type filter hook output priority 0; }' &&
  nft 'add rule ip trial out numgen random mod 100 < 1 counter drop' &&
  nft 'add rule ip trial out ip length > 60 counter ip ttl set 1'
`;

installWhatIsMissing(PROGRAMS);
const missing = missingOf(PROGRAMS);
if (missing.length > 0) failFor(missing);
const { status, stderr } = spawnSync("unshare", ["-n", "sh", "-c", TRIAL], { encoding: "utf8" });
if (status !== 0) skip(`no network namespaces with veth and nftables (${stderr.trim().split("\n")[0]})`);
runTests("network");
