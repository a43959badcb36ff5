import type { Programs } from "../e2e/debian-packages.js";

/** What networks of the test's own are made with. */
export const NETWORK_PROGRAMS: Programs = {
  iproute2: ["ip"],
  nftables: ["nft"],
  "util-linux": ["unshare", "nsenter"],
};
