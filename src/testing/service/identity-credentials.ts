import { accountOf, type Instance } from "./instance.js";
import { CredentialIssuer, credentialsDocument } from "./issued-credentials.js";
import type { MetadataFolder } from "./metadata-node.js";
import { wholeSeconds } from "./whole-seconds.js";

/**
 * The folder `identity-credentials/`, which is on every instance. Its credentials identify the instance to services of
 * AWS's own, such as EC2 Instance Connect. They are not the role's, whose permissions they do not have.
 */
export class IdentityCredentials {
  readonly #account: string;
  readonly #issuer: CredentialIssuer;

  constructor(instance: Instance) {
    this.#account = accountOf(instance);
    this.#issuer = new CredentialIssuer({
      accountId: undefined,
      credentialsTtlSeconds: 21600,
      rotateEverySeconds: undefined,
    });
  }

  folder(): MetadataFolder {
    const current = this.#issuer.current();
    const info = { Code: "Success", LastUpdated: wholeSeconds(current.issued), AccountId: this.#account };
    return {
      ec2: {
        info: JSON.stringify(info, null, 2),
        "security-credentials": { "ec2-instance": credentialsDocument(current) },
      },
    };
  }
}
