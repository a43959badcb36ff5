import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { createCredentialChain } from "@aws-sdk/credential-providers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { InstanceRoleProvider } from "../../src/index.js";
import type { SdkSetup } from "../support/sdk-setup.js";
import { sdkSetup } from "../support/sdk-setup.js";

const FALLBACK = { accessKeyId: "AKIAFALLBACK", secretAccessKey: "fallback" };
const fallback = async () => FALLBACK;

function setting(variable: string, value: string): void {
  vi.stubEnv(variable, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** Every way to fail that another provider may make up for, as design and table of errors have it. */
const FALLS_THROUGH: readonly (readonly [string, (setup: SdkSetup) => InstanceRoleProvider])[] = [
  ["IMDS_UNREACHABLE", ({ provider }) => provider({ endpoint: "http://127.0.0.1:9" })],
  [
    "IMDS_TIMEOUT",
    ({ provider, imds }) => {
      imds.fail({ mode: "hang", times: Number.POSITIVE_INFINITY });
      return provider({ timeout: 50, maxRetries: 0 });
    },
  ],
  [
    "IMDS_FORBIDDEN",
    ({ provider, imds }) => {
      imds.disable();
      return provider();
    },
  ],
  [
    "TOKEN_REJECTED",
    ({ provider, imds }) => {
      imds.fail({ on: "token", status: 400 });
      return provider();
    },
  ],
  [
    "TOKEN_UNSUPPORTED",
    ({ provider, imds }) => {
      imds.fail({ on: "token", status: 404 });
      return provider();
    },
  ],
  [
    "UNAUTHORIZED",
    ({ provider, imds }) => {
      imds.fail({ on: "role", status: 401, times: 2 });
      return provider();
    },
  ],
  [
    "NO_ROLE_ATTACHED",
    ({ provider, imds }) => {
      imds.detachRole();
      return provider();
    },
  ],
  [
    "ROLE_NOT_ASSUMABLE",
    ({ provider, imds }) => {
      imds.denyAssumeRole();
      return provider();
    },
  ],
  [
    "THROTTLED",
    ({ provider, imds }) => {
      imds.fail({ on: "token", status: 429 });
      return provider({ maxRetries: 0 });
    },
  ],
  [
    "SERVER_ERROR",
    ({ provider, imds }) => {
      imds.fail({ on: "credentials", status: 500 });
      return provider({ maxRetries: 0 });
    },
  ],
  [
    "INVALID_RESPONSE",
    ({ provider, imds }) => {
      imds.fail({ on: "credentials", body: "not JSON" });
      return provider({ maxRetries: 0 });
    },
  ],
];

describe("in a chain of the SDK's providers", () => {
  test.for(FALLS_THROUGH)("%s lets the next provider have its turn", async ([code, broken]) => {
    const setup = await sdkSetup();
    const provider = broken(setup);

    await expect(provider()).rejects.toMatchObject({ code, tryNextLink: true });
    setup.imds.reset();
    await expect(createCredentialChain(broken(setup), fallback)()).resolves.toMatchObject(FALLBACK);
  });

  test("metadata that is switched off lets the next provider have its turn, without a request", async () => {
    setting("AWS_EC2_METADATA_DISABLED", "true");
    const setup = await sdkSetup();

    const identity = await createCredentialChain(setup.provider(), fallback)();

    expect(identity).toMatchObject(FALLBACK);
    expect(setup.newSteps()).toEqual([]);
  });

  test("an invalid setting ends the chain: the next provider's credentials are not used by mistake", async () => {
    setting("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "many");
    const setup = await sdkSetup();
    const next = vi.fn(fallback);

    const refused = createCredentialChain(setup.provider(), next)();

    await expect(refused).rejects.toMatchObject({ code: "INVALID_CONFIGURATION", tryNextLink: false });
    expect(next).not.toHaveBeenCalled();
  });

  test("credentials of the instance role come through a chain with their true expiration and sign for S3", async () => {
    const setup = await sdkSetup();
    const chain = createCredentialChain(
      setup.provider({ endpoint: "http://127.0.0.1:9" }),
      setup.provider(),
      fallback,
    );
    const client = setup.client({ credentials: chain });

    await client.send(new ListObjectsV2Command({ Bucket: "bucket" }));

    const { accessKeyId, expiration } = setup.current();
    await expect(chain()).resolves.toMatchObject({ accessKeyId, expiration });
    expect(setup.s3.calls.map((call) => [call.accessKeyId, call.status])).toEqual([[accessKeyId, 200]]);
  });
});
