import type { AwsCredentialIdentity } from "@smithy/types";
import type { HttpHandler } from "msw";
import { type Intercept, listen } from "./adapters/http-server.js";
import { mswHandlers } from "./adapters/msw-handlers.js";
import { clearSharedCredentials } from "./clear-shared-credentials.js";
import { checkOptions } from "./service/instance.js";
import { identityOf } from "./service/issued-credentials.js";
import { MockMetadata } from "./service/mock-metadata.js";
import type { MockImds, MockImdsOptions, MockRequest } from "./types.js";

/**
 * A mocked instance metadata service (IMDS) that behaves as that of EC2: session tokens, a role, credentials
 * that expire and rotate, an instance's whole tree, its events, and failures. `handlers` serve it through msw in this
 * process, `listen()` over HTTP to any other; both are one and the same instance. It uses the clock of the
 * test: with fake timers, time passes for it when they are advanced.
 *
 * @throws TypeError that names the option which is not valid
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
 */
export const createMockImds = (options: MockImdsOptions = {}): MockImds => assembleMockImds(options);

/** What the command adds: it shows each request, and answers those that drive it. */
interface Additions {
  readonly onRequest?: (request: MockRequest) => void;
  readonly intercept?: Intercept | undefined;
}

export function assembleMockImds(
  options: MockImdsOptions,
  { onRequest, intercept }: Additions = {},
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
      const { issuer } = metadata.role;
      return issuer && identityOf(issuer.current());
    },
    listen: (where) => listen(metadata, where, intercept),
    rotate(credentials?: AwsCredentialIdentity) {
      const { issuer } = metadata.role;
      if (!issuer) throw new TypeError("rotate needs a role that can be assumed: call attachRole first");
      return identityOf(credentials === undefined ? issuer.rotate() : issuer.serve(credentials));
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
    setMetadata: (path, content) => metadata.setMetadata(path, content),
    interruptSpot: (action, inSeconds) => metadata.events.interruptSpot(action, inSeconds),
    recommendRebalance: () => metadata.events.recommendRebalance(),
    setTargetLifecycleState: (state) => metadata.events.setTargetLifecycleState(state),
    scheduleMaintenance: (event) => metadata.events.scheduleMaintenance(event),
    fail: (fault) => metadata.faults.add(fault),
    delay: (ms, on) => metadata.delay(ms, on),
    throttle: (limit) => metadata.throttle(limit),
    recover: () => metadata.recover(),
    reset() {
      metadata.reset();
      clearSharedCredentials();
    },
  };
}
