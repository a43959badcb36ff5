import { checkNames, checkText } from "../../testing/service/checks.js";
import type { MockImds } from "../../testing/types.js";

/** The JSON object that came with a `POST`. Nothing is known of it: the calls of the mock check what they get. */
// biome-ignore lint/suspicious/noExplicitAny: what the mock's calls refuse is what is not valid
type Body = Readonly<Record<string, any>>;

type Action = (imds: MockImds, body: Body) => unknown;

/** An action that takes these fields and no others. */
const taking =
  (fields: readonly string[], action: Action): Action =>
  (imds, body) => {
    checkNames("body", body, fields);
    return action(imds, body);
  };

const CREDENTIAL_FIELDS = ["accessKeyId", "secretAccessKey", "sessionToken", "expiration", "accountId"];

function rotate(imds: MockImds, body: Body): unknown {
  if (Object.keys(body).length === 0) return imds.rotate();
  const { expiration, ...credentials } = body;
  const date = expiration === undefined ? {} : { expiration: new Date(checkText("expiration", expiration)) };
  return imds.rotate({ ...credentials, ...date } as Parameters<MockImds["rotate"]>[0]);
}

function setMetadata(imds: MockImds, { path, content, base64 }: Body): void {
  if (content !== undefined && base64 !== undefined)
    throw new TypeError("content and base64 exclude each other");
  imds.setMetadata(path, base64 === undefined ? content : Buffer.from(checkText("base64", base64), "base64"));
}

/** What `POST /_mock/<name>` does. Names and fields are those of the mock's methods; JSON has no Infinity. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["attach-role", taking(["name"], (imds, { name }) => imds.attachRole(name))],
  ["delay", taking(["ms", "on"], (imds, { ms, on }) => imds.delay(ms, on))],
  ["deny-assume-role", taking(["message"], (imds, { message }) => imds.denyAssumeRole(message))],
  ["detach-role", taking(["left"], (imds, { left }) => imds.detachRole(left))],
  ["disable", taking([], (imds) => imds.disable())],
  ["enable", taking([], (imds) => imds.enable())],
  ["expire-tokens", taking([], (imds) => imds.expireTokens())],
  [
    "fail",
    (imds, fault) => imds.fail({ ...fault, times: fault.times === "always" ? Infinity : fault.times }),
  ],
  [
    "interrupt-spot",
    taking(["action", "inSeconds"], (imds, { action, inSeconds }) => imds.interruptSpot(action, inSeconds)),
  ],
  ["recommend-rebalance", taking([], (imds) => imds.recommendRebalance())],
  ["recover", taking([], (imds) => imds.recover())],
  ["reset", taking([], (imds) => imds.reset())],
  ["rotate", taking(CREDENTIAL_FIELDS, rotate)],
  ["schedule-maintenance", (imds, event) => imds.scheduleMaintenance(event)],
  ["set-metadata", taking(["path", "content", "base64"], setMetadata)],
  ["set-target-lifecycle-state", taking(["state"], (imds, { state }) => imds.setTargetLifecycleState(state))],
  ["throttle", (imds, limit) => imds.throttle(limit as Parameters<MockImds["throttle"]>[0])],
]);

/** What `GET /_mock/<name>` answers. */
export const QUERIES: ReadonlyMap<string, (imds: MockImds) => unknown> = new Map<
  string,
  (imds: MockImds) => unknown
>([
  ["", () => ({ GET: ["credentials", "requests"], POST: [...ACTIONS.keys()] })],
  ["credentials", (imds) => imds.credentials ?? null],
  ["requests", (imds) => imds.requests],
]);
