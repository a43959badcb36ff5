import { checkOneOf, checkRoleName, checkText } from "./checks.js";
import { accountOf, type Instance } from "./instance.js";
import { CredentialIssuer, credentialsDocument, uniqueId } from "./issued-credentials.js";
import type { MetadataFolder } from "./metadata-node.js";
import { partitionOf } from "./placement.js";
import { wholeSeconds } from "./whole-seconds.js";

type Attachment =
  | { readonly kind: "attached"; readonly role: string; readonly issuer: CredentialIssuer }
  | { readonly kind: "denied"; readonly role: string; readonly message: string }
  | { readonly kind: "nothing" | "empty profile" | "deleted profile" };

const LEFT = ["nothing", "empty profile", "deleted profile"] as const;

/** The role of the instance, and the folder `iam/` that shows it. */
export class RoleAttachment {
  readonly #instance: Instance;
  readonly #profileId = uniqueId("AIPA");
  /** The last role's name: the instance profile keeps it when the role goes. */
  #profile: string;
  #state: Attachment;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#profile = instance.roleName ?? "mock-role";
    this.#state = instance.roleName === null ? { kind: "nothing" } : this.#attached(instance.roleName);
  }

  /** Issues the credentials that are served; undefined if there are none. */
  get issuer(): CredentialIssuer | undefined {
    return this.#state.kind === "attached" ? this.#state.issuer : undefined;
  }

  attach(name: string): void {
    this.#profile = checkRoleName("name", name);
    this.#state = this.#attached(name);
  }

  detach(left: unknown): void {
    this.#state = { kind: checkOneOf("left", left, LEFT) };
  }

  deny(message: unknown): void {
    const state = this.#state;
    if (state.kind !== "attached" && state.kind !== "denied") {
      throw new TypeError("denyAssumeRole needs a role: none is attached, call attachRole first");
    }
    const text =
      message ?? `EC2 cannot assume the role ${state.role}: its trust policy does not let ec2.amazonaws.com`;
    this.#state = { kind: "denied", role: state.role, message: checkText("message", text) };
  }

  /** The folder `iam/`; undefined when no instance profile is attached. */
  folder(): MetadataFolder | undefined {
    const state = this.#state;
    const profile = {
      InstanceProfileArn: this.#profileArn(),
      InstanceProfileId: this.#profileId,
    };
    switch (state.kind) {
      case "nothing":
        return undefined;
      case "deleted profile":
        return {
          info: this.#document("InstanceProfileNotFound", {
            Message: "Instance Profile cannot be found, it may have been deleted.",
            ...profile,
          }),
        };
      case "empty profile":
        return {
          info: this.#document("Success", {
            Message: "Instance Profile does not contain a role.",
            ...profile,
          }),
          "security-credentials": {},
        };
      case "denied": {
        const document = this.#document("AssumeRoleUnauthorizedAccess", { Message: state.message });
        return {
          info: this.#document("Success", profile),
          "security-credentials": { [state.role]: document },
        };
      }
      case "attached":
        return {
          info: this.#document("Success", profile),
          "security-credentials": { [state.role]: credentialsDocument(state.issuer.current()) },
        };
    }
  }

  #attached(role: string): Attachment {
    return { kind: "attached", role, issuer: new CredentialIssuer(this.#instance) };
  }

  #profileArn(): string {
    const partition = partitionOf(this.#instance.region).name;
    return `arn:${partition}:iam::${accountOf(this.#instance)}:instance-profile/${this.#profile}`;
  }

  #document(code: string, rest: Readonly<Record<string, string>>): string {
    return JSON.stringify({ Code: code, LastUpdated: wholeSeconds(Date.now()), ...rest }, null, 2);
  }
}
