import type { AwsCredentialIdentity } from "@smithy/types";
import type { HttpHandler } from "msw";
import { listen } from "./adapters/http-server.js";
import { mswHandlers } from "./adapters/msw-handlers.js";
import { checkOptions } from "./service/instance.js";
import { identityOf } from "./service/issued-credentials.js";
import { MockMetadata } from "./service/mock-metadata.js";
import type { MockImds, MockImdsOptions, MockRequest } from "./types.js";

/**
 * A mocked instance metadata service (IMDS) that behaves as that of EC2: session tokens, a role, credentials
 * that expire and rotate, and every fault that was seen in the wild. `handlers` serve it through msw in this
 * process, `listen()` over HTTP to any other; both are one and the same instance. It keeps to the clock of the
 * test: with fake timers, time passes for it when they are advanced.
 *
 * @throws TypeError that names the option which is not valid
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
 */
export const createMockImds = (options: MockImdsOptions = {}): MockImds => assembleMockImds(options);

/** The same for the command line, which shows each request as it comes. */
export function assembleMockImds(
  options: MockImdsOptions,
  onRequest?: (request: MockRequest) => void,
): MockImds {
  const instance = checkOptions(options);
  const metadata = new MockMetadata(instance, onRequest);
  let handlers: HttpHandler[] | undefined;
  return {
    get handlers() {
      handlers ??= mswHandlers(metadata, instance.endpoint);
      return handlers;
    },
    get requests() {
      return metadata.requests;
    },
    get credentials() {
      const { sets } = metadata.role;
      return sets && identityOf(sets.current());
    },
    listen: (where) => listen(metadata, where),
    rotate(set?: AwsCredentialIdentity) {
      const { sets } = metadata.role;
      if (!sets) throw new TypeError("rotate needs a role that can be assumed: call attachRole first");
      return identityOf(set === undefined ? sets.rotate() : sets.serve(set));
    },
    attachRole: (name) => metadata.role.attach(name),
    detachRole: (left = "nothing") => metadata.role.detach(left),
    denyAssumeRole: (message) => metadata.role.deny(message),
    expireTokens: () => metadata.tokens.expireAll(),
    disable() {
      metadata.access = "disabled";
    },
    enable() {
      metadata.access = "enabled";
    },
    fail: (fault) => metadata.faults.add(fault),
    delay: (ms, on) => metadata.delay(ms, on),
    throttle: (limit) => metadata.throttle(limit),
    reset: () => metadata.reset(),
  };
}
