import { clearSharedCredentials } from "../clear-shared-credentials.js";
import type { MockRequest, MockStep, MockThrottle } from "../types.js";
import { type Answer, headersOf, isBodiless, type MetadataRequest, type Reply, refusal } from "./answer.js";
import { checkNumber, checkOneOf, STEPS } from "./checks.js";
import { type Fault, Faults } from "./faults.js";
import type { Instance } from "./instance.js";
import { DATED_VERSIONS, type MetadataPath, parsePath } from "./metadata-path.js";
import { findNode, listing, metadataTree } from "./metadata-tree.js";
import { RoleAttachment } from "./role-attachment.js";
import { requestedTtlSeconds, SessionTokens } from "./session-tokens.js";
import { Throttle } from "./throttle.js";

const TTL_HEADER = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds";
const MOST_REQUESTS = 100_000;
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The metadata service as a state machine: a request in, an answer out. Both faces are thin layers over it. */
export class MockMetadata {
  readonly faults: Faults = new Faults();
  readonly tokens: SessionTokens = new SessionTokens();
  readonly #instance: Instance;
  readonly #onRequest: (request: MockRequest) => void;
  role: RoleAttachment;
  access: "enabled" | "disabled" = "enabled";
  readonly requests: MockRequest[] = [];
  #launched = Date.now();
  #delays: Partial<Record<MockStep, number>> = {};
  #throttle: Throttle | undefined;

  constructor(instance: Instance, onRequest: (request: MockRequest) => void = () => {}) {
    this.#instance = instance;
    this.#onRequest = onRequest;
    this.role = new RoleAttachment(instance);
  }

  delay(ms: number, on: MockStep | undefined): void {
    checkNumber("ms", ms, 0, LONGEST_DELAY_MS);
    const steps = on === undefined ? STEPS : [checkOneOf("on", on, STEPS)];
    for (const step of steps) this.#delays[step] = ms;
  }

  throttle(limit: MockThrottle): void {
    this.#throttle = new Throttle(limit);
  }

  reset(): void {
    this.faults.clear();
    this.tokens.expireAll();
    this.role = new RoleAttachment(this.#instance);
    this.access = "enabled";
    // In place: a test may hold the array itself.
    this.requests.length = 0;
    this.#launched = Date.now();
    this.#delays = {};
    this.#throttle = undefined;
    clearSharedCredentials();
  }

  /** The answer by the state of this moment, which is also put on record. */
  answer(request: MetadataRequest): Answer {
    const path = parsePath(request.path);
    const step = path?.step ?? "other";
    const { reply, delivery } = this.#decide(request, path, step);
    const silent = delivery === "hang" || delivery === "reset";
    this.#record({ ...request, status: silent ? 0 : reply.status, step });
    const bodiless = request.method === "HEAD" || isBodiless(reply.status);
    return {
      status: reply.status,
      headers: headersOf(reply, this.#launched),
      body: bodiless ? "" : reply.body,
      delivery,
      delayMs: this.#delays[step] ?? 0,
    };
  }

  #decide(
    request: MetadataRequest,
    path: MetadataPath | undefined,
    step: MockStep,
  ): { reply: Reply; delivery: Answer["delivery"] } {
    if (this.#throttle && !this.#throttle.lets()) {
      const { answer } = this.#throttle;
      if (answer === "silence") return { reply: refusal(503), delivery: "hang" };
      return { reply: refusal(answer), delivery: "whole" };
    }
    const fault = this.faults.take(step);
    const reply = fault?.status === undefined ? this.#reply(request, path) : refusal(fault.status);
    return fault
      ? { reply: spoilt(reply, fault), delivery: fault.mode ?? "whole" }
      : { reply, delivery: "whole" };
  }

  /** What EC2 would say. */
  #reply({ method, headers }: MetadataRequest, path: MetadataPath | undefined): Reply {
    if (this.access === "disabled" || "x-forwarded-for" in headers) return refusal(403);
    if (!path) return refusal(400);
    if (path.step === "token" && path.version === "latest") return this.#issueToken(method, headers);
    if (path.step === "token" && method === "PUT") return refusal(403);
    if (method !== "GET" && method !== "HEAD") return refusal(405, { Allow: "GET, HEAD" });
    if (!this.#admits(headers["x-aws-ec2-metadata-token"])) return refusal(401);
    return this.#read(path);
  }

  #issueToken(method: string, headers: MetadataRequest["headers"]): Reply {
    if (method !== "PUT") return refusal(405, { Allow: "PUT" });
    const ttlSeconds = requestedTtlSeconds(headers[TTL_HEADER.toLowerCase()]);
    if (ttlSeconds === undefined) return refusal(400);
    return {
      status: 200,
      headers: { [TTL_HEADER]: String(ttlSeconds) },
      body: this.tokens.issue(ttlSeconds),
    };
  }

  #admits(token: string | undefined): boolean {
    return token === undefined ? this.#instance.imdsV1 : this.tokens.accepts(token);
  }

  #read({ version, segments }: MetadataPath): Reply {
    if (version === undefined) return { status: 200, body: [...DATED_VERSIONS, "latest"].join("\n") };
    if (version !== "latest" && !DATED_VERSIONS.includes(version)) return refusal(404);
    const node = findNode(metadataTree(this.#instance, this.#launched, this.role.tree()), segments);
    if (node === undefined) return refusal(404);
    return { status: 200, body: typeof node === "string" ? node : listing(node) };
  }

  #record(request: MockRequest): void {
    this.requests.push(request);
    if (this.requests.length > MOST_REQUESTS) this.requests.shift();
    this.#onRequest(request);
  }
}

function spoilt(reply: Reply, { body }: Fault): Reply {
  if (body === undefined) return reply;
  if (typeof body === "string") return { ...reply, body };
  try {
    return { ...reply, body: String(body(reply.body)) };
  } catch (error) {
    // The test's own mistake: it must be seen, at either face, and end no process.
    return { ...refusal(500), body: `fault.body threw: ${String(error)}\n` };
  }
}
