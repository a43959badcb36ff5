import { describeClient } from "./describe-client.js";
import { NPM_CLIENTS } from "./npm-clients.js";

for (const client of NPM_CLIENTS) describeClient(client);
