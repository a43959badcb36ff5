import { DEBIAN_COMMANDS } from "./debian-commands.js";
import { DEBIAN_SDKS } from "./debian-sdks.js";
import { describeClient } from "./describe-client.js";

for (const client of [...DEBIAN_SDKS, ...DEBIAN_COMMANDS]) describeClient(client);
