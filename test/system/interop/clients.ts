import { DEBIAN_COMMANDS } from "./debian-commands.js";
import { DEBIAN_SDKS } from "./debian-sdks.js";
import type { InteropClient } from "./interop-client.js";
import { NPM_CLIENTS } from "./npm-clients.js";
import { OUTSIDE_CLIENTS } from "./outside-clients.js";

export const CLIENTS: readonly InteropClient[] = [
  ...NPM_CLIENTS,
  ...DEBIAN_SDKS,
  ...DEBIAN_COMMANDS,
  ...OUTSIDE_CLIENTS,
];
