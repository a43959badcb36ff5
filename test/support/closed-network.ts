import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

createRequire(import.meta.url)("./network-guard.cjs");

/**
 * What the machine's user has set must not steer a test: credentials and settings of AWS, and proxies, which
 * would be the way out for a client that obeys them.
 */
const FOREIGN_SETTING = /^(aws_.*|(https?|all|no)_proxy|node_use_env_proxy)$/i;

for (const name of Object.keys(process.env)) {
  if (FOREIGN_SETTING.test(name)) delete process.env[name];
}

const NO_SUCH_FILE: string = fileURLToPath(new URL("./no-such-file", import.meta.url));
process.env.AWS_CONFIG_FILE = NO_SUCH_FILE;
process.env.AWS_SHARED_CREDENTIALS_FILE = NO_SUCH_FILE;

// The SDK's notice that it will leave Node 20 says nothing about this package.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
