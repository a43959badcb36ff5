import { describeProxySafety, skillsOf } from "./describe-proxy-safety.js";

// This Node's; `npm run test:proxy` has the others.
describeProxySafety("no proxy gets a request of ours", process.execPath, await skillsOf(process.execPath));
