// npm run test:e2e: installs Ceph's object gateway when it is missing and can be, then runs the tests in a network
// of their own, which has nothing but loopback. Where that cannot be made, the machine's loopback has to do.

import { CEPH } from "./ceph-packages.js";
import { installWhatIsMissing, missingOf } from "./debian-packages.js";
import { failFor, runTests, succeeds } from "./run-tests.js";

const IN_CLOSED_NETWORK = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];

installWhatIsMissing(CEPH);
const missing = missingOf(CEPH);
if (missing.length > 0) failFor(missing);
const closed = succeeds([...IN_CLOSED_NETWORK, "true"]);
if (!closed) process.stdout.write("no network of its own (unshare -n): the machine's loopback is used\n");
runTests("e2e", closed ? IN_CLOSED_NETWORK : []);
