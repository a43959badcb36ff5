import type { MockRequest, MockStep, MockThrottle } from "../types.js";
import { type Answer, headersOf, isBodiless, type MetadataRequest, type Reply, refusal } from "./answer.js";
import { checkNumber, checkOneOf, STEPS } from "./checks.js";
import { type Fault, Faults } from "./faults.js";
import { IdentityCredentials } from "./identity-credentials.js";
import { type Instance, type MetadataOverride, metadataOverride } from "./instance.js";
import { InstanceEvents } from "./instance-events.js";
import {
  findNode,
  isFolder,
  listing,
  type MetadataFolder,
  type MetadataNode,
  withContent,
} from "./metadata-node.js";
import { DATED_VERSIONS, type MetadataPath, parsePath } from "./metadata-path.js";
import { metadataTree } from "./metadata-tree.js";
import { RoleAttachment } from "./role-attachment.js";
import { requestedTtlSeconds, SessionTokens } from "./session-tokens.js";
import { Throttle } from "./throttle.js";

const TTL_HEADER = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds";
const MAX_REQUESTS = 100_000;
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The metadata service as a state machine: a request in, an answer out. The adapters are thin layers over it. */
export class MockMetadata {
  readonly faults: Faults = new Faults();
  readonly tokens: SessionTokens = new SessionTokens();
  readonly requests: MockRequest[] = [];
  readonly #instance: Instance;
  readonly #onRequest: (request: MockRequest) => void;
  role: RoleAttachment;
  events: InstanceEvents = new InstanceEvents();
  access: "enabled" | "disabled" = "enabled";
  #identityCredentials: IdentityCredentials;
  #overrides: readonly MetadataOverride[];
  #launched = Date.now();
  #delays: Partial<Record<MockStep, number>> = {};
  #throttle: Throttle | undefined;

  constructor(instance: Instance, onRequest: (request: MockRequest) => void = () => {}) {
    this.#instance = instance;
    this.#onRequest = onRequest;
    this.role = new RoleAttachment(instance);
    this.#identityCredentials = new IdentityCredentials(instance);
    this.#overrides = instance.metadata;
  }

  delay(ms: number, on: MockStep | undefined): void {
    checkNumber("ms", ms, 0, MAX_DELAY_MS);
    const steps = on === undefined ? STEPS : [checkOneOf("on", on, STEPS)];
    for (const step of steps) this.#delays[step] = ms;
  }

  throttle(limit: MockThrottle): void {
    this.#throttle = new Throttle(limit);
  }

  setMetadata(path: unknown, content: unknown): void {
    const override = metadataOverride("metadata", path, content);
    const key = override.segments.join("/");
    // The last one for a path replaces those before it.
    const others = this.#overrides.filter(({ segments }) => segments.join("/") !== key);
    this.#overrides = [...others, override];
  }

  /** Ends whatever makes requests fail. */
  recover(): void {
    this.faults.clear();
    this.#delays = {};
    this.#throttle = undefined;
    this.access = "enabled";
  }

  reset(): void {
    this.recover();
    this.tokens.expireAll();
    this.role = new RoleAttachment(this.#instance);
    this.#identityCredentials = new IdentityCredentials(this.#instance);
    this.events = new InstanceEvents();
    this.#overrides = this.#instance.metadata;
    this.#launched = Date.now();
    // In place: a test may keep the array itself.
    this.requests.length = 0;
  }

  /** The answer by the state at this time; the request is recorded. */
  answer(request: MetadataRequest): Answer {
    const path = parsePath(request.path);
    const step = path?.step ?? "other";
    const { reply, delivery } = this.#decide(request, path, step);
    const silent = delivery === "hang" || delivery === "reset";
    this.record({ ...request, status: silent ? 0 : reply.status, step });
    const bodiless = request.method === "HEAD" || isBodiless(reply.status);
    return {
      status: reply.status,
      headers: headersOf(reply, this.#launched),
      body: bodiless ? Buffer.alloc(0) : Buffer.from(reply.body),
      delivery,
      delayMs: this.#delays[step] ?? 0,
    };
  }

  record(request: MockRequest): void {
    this.requests.push(request);
    if (this.requests.length > MAX_REQUESTS) this.requests.shift();
    this.#onRequest(request);
  }

  #decide(
    request: MetadataRequest,
    path: MetadataPath | undefined,
    step: MockStep,
  ): { reply: Reply; delivery: Answer["delivery"] } {
    if (this.#throttle && !this.#throttle.allows()) {
      const { answer } = this.#throttle;
      if (answer === "silence") return { reply: refusal(503), delivery: "hang" };
      return { reply: refusal(answer), delivery: "whole" };
    }
    const fault = this.faults.take(path, step);
    const reply = fault?.status === undefined ? this.#reply(request, path) : refusal(fault.status);
    return fault
      ? { reply: corrupted(reply, fault), delivery: fault.mode ?? "whole" }
      : { reply, delivery: "whole" };
  }

  /** What EC2 would answer. */
  #reply({ method, headers }: MetadataRequest, path: MetadataPath | undefined): Reply {
    if (this.access === "disabled" || "x-forwarded-for" in headers) return refusal(403);
    if (!path) return refusal(400);
    if (path.step === "token" && path.version === "latest") return this.#issueToken(method, headers);
    if (path.step === "token" && method === "PUT") return refusal(403);
    if (method !== "GET" && method !== "HEAD") return refusal(405, { Allow: "GET, HEAD" });
    if (!this.#accepts(headers["x-aws-ec2-metadata-token"])) return refusal(401);
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

  #accepts(token: string | undefined): boolean {
    return token === undefined ? this.#instance.imdsV1 : this.tokens.accepts(token);
  }

  #read({ version, segments }: MetadataPath): Reply {
    if (version === undefined) return { status: 200, body: [...DATED_VERSIONS, "latest"].join("\n") };
    if (version !== "latest" && !DATED_VERSIONS.includes(version)) return refusal(404);
    const node = findNode(this.#tree(), segments);
    if (node === undefined) return refusal(404);
    return { status: 200, headers: typeOf(segments), body: isFolder(node) ? listing(segments, node) : node };
  }

  #tree(): MetadataNode {
    let tree: MetadataFolder = metadataTree(this.#instance, this.#launched, {
      iam: this.role.folder(),
      identityCredentials: this.#identityCredentials.folder(),
      events: this.events.folders(),
      lifeCycle: this.events.lifeCycle,
    });
    for (const { segments, content } of this.#overrides) tree = withContent(tree, segments, content);
    return tree;
  }
}

/** EC2 knows what its own documents are, but not what a user's data is. */
const typeOf = ([first]: readonly string[]): Record<string, string> =>
  first === "user-data" ? { "Content-Type": "application/octet-stream" } : {};

function corrupted(reply: Reply, { body }: Fault): Reply {
  if (body === undefined) return reply;
  if (typeof body === "string") return { ...reply, body };
  try {
    const made: unknown = body(Buffer.from(reply.body).toString());
    if (typeof made !== "string") throw new TypeError("it returned no string");
    return { ...reply, body: made };
  } catch (error) {
    // A mistake in the test: it must show, with either adapter, and must not end the process.
    return { ...refusal(500), body: `fault.body threw: ${String(error)}\n` };
  }
}
