import { DEBIAN_CLIENTS } from "./debian-clients.js";
import { describeClient } from "./describe-client.js";

for (const client of DEBIAN_CLIENTS) describeClient(client);
