// Runs a client beside an instance whose credentials `serveCredentials` serves, and an S3 that takes no others, in a
// network that has nothing but loopback: before a rotation, after it, with a wrong token, and with no role attached.
// Prints what the client did each time. Arguments: the client's command line, with S3_URL for the S3's URL.

import { fromInstanceRole, serveCredentials } from "../../../../src/index.js";
import { createMockImds } from "../../../../src/testing/index.js";
import { run } from "../../../support/child-process.js";
import { S3Endpoint } from "../../../support/s3-endpoint.js";
import { insistOnNamespace } from "../../interop/namespace.js";

/** What a client did. */
export interface Attempt {
  readonly exitCode: number | null;
  readonly output: string;
  /** Of each call that S3 answered well, whether it was signed with the credentials served at that time. */
  readonly signedWithCurrent: readonly boolean[];
}

export interface Report {
  readonly first: Attempt;
  readonly rotated: Attempt;
  readonly wrongToken: Attempt;
  readonly noRole: Attempt;
}

insistOnNamespace();
const imds = createMockImds();
const listener = await imds.listen();
const s3 = new S3Endpoint();
const s3Url = await s3.listen();
const provider = fromInstanceRole({ endpoint: listener.endpoint, maxRetries: 0 });
const served = await serveCredentials(provider);

async function attempt(variables: Readonly<Record<string, string>>): Promise<Attempt> {
  const [program = "", ...args] = process.argv.slice(2).map((arg) => arg.replace("S3_URL", s3Url));
  const before = s3.calls.length;
  const env = {
    AWS_REGION: "eu-central-1",
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_MAX_ATTEMPTS: "1",
    ...variables,
  };
  const { exitCode, stdout, stderr } = await run(program, args, { env });
  const signedWithCurrent = s3.calls
    .slice(before)
    .filter(({ status }) => status < 300)
    .map(({ accessKeyId }) => accessKeyId === imds.credentials?.accessKeyId);
  return { exitCode, output: stdout + stderr, signedWithCurrent };
}

if (imds.credentials) s3.accept(imds.credentials);
const first = await attempt(served.env);
s3.accept(imds.rotate());
await provider({ forceRefresh: true });
const rotated = await attempt(served.env);
const wrongToken = await attempt({ ...served.env, AWS_CONTAINER_AUTHORIZATION_TOKEN: "wrong" });
await served.close();

// A provider that has nothing cached.
imds.detachRole();
const withoutRole = fromInstanceRole({ endpoint: listener.endpoint, maxRetries: 0, shared: false });
const failing = await serveCredentials(withoutRole);
const noRole = await attempt(failing.env);
await Promise.all([failing.close(), listener.close(), s3.close()]);
console.log(JSON.stringify({ first, rotated, wrongToken, noRole } satisfies Report));
