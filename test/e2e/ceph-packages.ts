import { missingOf, type Programs } from "./debian-packages.js";

/** Debian's packages and the programs of them that are used. */
export const CEPH: Programs = {
  radosgw: ["radosgw"],
  "ceph-mon": ["ceph-mon", "monmaptool"],
  "ceph-osd": ["ceph-osd"],
  "ceph-common": ["ceph", "ceph-authtool", "radosgw-admin"],
};

/** Why Ceph's gateway cannot be run here, as the report says it; undefined when it can. */
export function reasonToSkip(): string | undefined {
  const missing = missingOf(CEPH);
  return missing.length === 0 ? undefined : `skipped: no ${missing.join(", ")}`;
}
