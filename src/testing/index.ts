/**
 * A mocked instance metadata service, for tests.
 *
 * @module ec2-role-credentials/testing
 */
export { clearSharedCredentials } from "./clear-shared-credentials.js";
export { createMockImds } from "./create-mock-imds.js";
export type {
  MockFault,
  MockFaultMode,
  MockImds,
  MockImdsOptions,
  MockListener,
  MockListenOptions,
  MockMaintenanceEvent,
  MockRequest,
  MockSpotAction,
  MockStep,
  MockThrottle,
} from "./types.js";
