import type { InstanceRoleOptions } from "../../../src/index.js";
import { CONTAINER_PROXIES } from "./container-proxies.js";
import { EMULATORS } from "./emulators.js";
import type { Expected, OddService } from "./expectations.js";
import { LOCAL_SERVERS } from "./local-servers.js";

const SERVICES = { ...CONTAINER_PROXIES, ...LOCAL_SERVERS, ...EMULATORS };

export interface Case {
  readonly service: OddService;
  readonly expected: Expected;
  readonly options: InstanceRoleOptions;
}

/** The whole table: each service with the settings under which something is expected of it. */
export const CASES: readonly (readonly [string, Case])[] = Object.entries(SERVICES).flatMap(
  ([name, service]) => {
    const { byDefault, withImdsV1, options } = service;
    const common = { ...options, shared: false, timeout: 10_000, maxRetries: 1 };
    const rows: (readonly [string, Case])[] = [[name, { service, expected: byDefault, options: common }]];
    if (withImdsV1) {
      const allowed = { ...common, ec2MetadataV1Disabled: false };
      rows.push([`${name}, with IMDSv1 allowed`, { service, expected: withImdsV1, options: allowed }]);
    }
    return rows;
  },
);
