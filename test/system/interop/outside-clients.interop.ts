import { describeClient } from "./describe-client.js";
import { OUTSIDE_CLIENTS } from "./outside-clients.js";

for (const client of OUTSIDE_CLIENTS) describeClient(client);
