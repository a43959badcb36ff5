import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity, HttpRequest } from "@smithy/types";

/** A request as it came over the wire: path still percent-encoded, names of headers in lower case. */
export interface S3Request {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a request claims about its signature, in its `Authorization` header or, presigned, in its query. */
export interface SignatureClaim {
  readonly isPresigned: boolean;
  readonly accessKeyId: string;
  readonly region: string;
  readonly sessionToken: string | undefined;
  readonly signedHeaders: readonly string[];
  readonly signingDate: Date;
  readonly expiresInSeconds: number;
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/s3\/aws4_request, *SignedHeaders=([^,]+), *Signature=(\w+)$/;
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

const dateOf = (text = ""): Date => new Date(text.replace(DATE, "$1-$2-$3T$4:$5:$6Z"));

/** @returns undefined if the request is anonymous, or claims nothing that can be understood */
export function signatureClaim({ headers, query }: S3Request): SignatureClaim | undefined {
  const isPresigned = query["X-Amz-Signature"] !== undefined;
  const authorization = isPresigned
    ? `${query["X-Amz-Algorithm"]} Credential=${query["X-Amz-Credential"]}, SignedHeaders=${query["X-Amz-SignedHeaders"]}, Signature=${query["X-Amz-Signature"]}`
    : headers.authorization;
  const [, accessKeyId, region, signedHeaders, signature] = AUTHORIZATION.exec(authorization ?? "") ?? [];
  const signingDate = dateOf(isPresigned ? query["X-Amz-Date"] : headers["x-amz-date"]);
  if (!accessKeyId || !region || !signedHeaders || !signature || Number.isNaN(signingDate.getTime())) {
    return undefined;
  }
  return {
    isPresigned,
    accessKeyId,
    region,
    signingDate,
    signature,
    sessionToken: isPresigned ? query["X-Amz-Security-Token"] : headers["x-amz-security-token"],
    signedHeaders: signedHeaders.split(";"),
    expiresInSeconds: Number(query["X-Amz-Expires"] ?? Number.POSITIVE_INFINITY),
  };
}

/** What the signer adds to the query by itself. */
const ADDED = /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Security-Token|Signature)$/;

/** Signs the request again with the credentials that it claims to be signed with, and compares. */
export async function isSignedWith(
  credentials: AwsCredentialIdentity,
  { method, path, headers, query }: S3Request,
  claim: SignatureClaim,
): Promise<boolean> {
  const { region, signingDate, signedHeaders, isPresigned, expiresInSeconds } = claim;
  const signer = new SignatureV4({
    service: "s3",
    region,
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const signable = Object.entries(headers).filter(([name]) => signedHeaders.includes(name));
  const request: HttpRequest = {
    protocol: "http:",
    hostname: headers.host ?? "",
    method,
    path,
    headers: Object.fromEntries(signable),
    query: Object.fromEntries(Object.entries(query).filter(([name]) => !(isPresigned && ADDED.test(name)))),
  };
  const options = { signingDate, signableHeaders: new Set(signedHeaders) };
  if (!isPresigned) {
    const { authorization = "" } = (await signer.sign(request, options)).headers;
    return authorization.endsWith(`Signature=${claim.signature}`);
  }
  // The body of a presigned request is never signed; this header tells the signer so.
  const unsigned = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  const again = await signer.presign(
    { ...request, headers: { ...request.headers, ...unsigned } },
    {
      ...options,
      expiresIn: expiresInSeconds,
      unsignableHeaders: new Set(Object.keys(unsigned)),
      unhoistableHeaders: new Set([...signedHeaders, ...Object.keys(unsigned)]),
    },
  );
  return again.query?.["X-Amz-Signature"] === claim.signature;
}
