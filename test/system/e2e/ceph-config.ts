import { join } from "node:path";

export interface CephPorts {
  /** The monitor's, for the second and the first version of its protocol. */
  readonly monV2: number;
  readonly monV1: number;
  readonly gateway: number;
}

/** One monitor, one OSD in memory, one gateway with STS: everything on loopback and inside `directory`. */
export function cephConfig(directory: string, fsid: string, stsKey: string, ports: CephPorts): string {
  const within = (name: string) => join(directory, name);
  return `
[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${ports.monV2}/0,v1:127.0.0.1:${ports.monV1}/0]
mon initial members = a
public network = 127.0.0.0/8
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
keyring = ${within("keyring")}
run dir = ${directory}
admin socket = ${within("$name.$pid.asok")}
pid file = ${within("$name.pid")}
log file = ${within("$name.log")}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0

[mon]
mon data = ${within("mon")}
mon data avail warn = 1
mon data avail crit = 1
mon allow pool size one = true
mon max pg per osd = 3000

[osd]
osd data = ${within("osd")}
osd objectstore = memstore
memstore device bytes = 1073741824
osd memory target = 939524096

[client.admin]
rgw frontends = beast endpoint=127.0.0.1:${ports.gateway}
rgw s3 auth use sts = true
rgw sts key = ${stsKey}
`;
}
