import type { Programs } from "./debian-packages.js";

/** Debian's packages and the programs of them that are used. */
export const CEPH: Programs = {
  radosgw: ["radosgw"],
  "ceph-mon": ["ceph-mon", "monmaptool"],
  "ceph-osd": ["ceph-osd"],
  "ceph-common": ["ceph", "ceph-authtool", "radosgw-admin"],
};
