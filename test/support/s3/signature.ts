import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity, HttpRequest } from "@smithy/types";
import { S3Error } from "./s3-error.js";
import type { S3Request } from "./s3-request.js";
import { Sha256 } from "./sha256.js";

/** What a request says about its own signature, in its header or, presigned, in its query. */
export interface SignatureClaim {
  readonly form: "header" | "query";
  readonly accessKeyId: string;
  readonly region: string;
  readonly sessionToken: string | undefined;
  readonly signedHeaders: readonly string[];
  readonly signingDate: Date;
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/;
const SCOPE = /^(?<id>[^/]+)\/(?<day>\d{8})\/(?<region>[^/]+)\/s3\/aws4_request$/;
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** @returns undefined if the request is anonymous */
export function signatureClaim({ headers, query }: S3Request): SignatureClaim | undefined {
  if (headers.authorization !== undefined) {
    const [, credential, signedHeaders, signature] = AUTHORIZATION.exec(headers.authorization) ?? [];
    const date = headers["x-amz-date"];
    const sessionToken = headers["x-amz-security-token"];
    return claim("header", { credential, signedHeaders, signature, date, sessionToken });
  }
  if (query["X-Amz-Signature"] === undefined) return undefined;
  return claim("query", {
    credential: query["X-Amz-Credential"],
    signedHeaders: query["X-Amz-SignedHeaders"],
    signature: query["X-Amz-Signature"],
    date: query["X-Amz-Date"],
    sessionToken: query["X-Amz-Security-Token"],
  });
}

type Parts = Record<
  "credential" | "signedHeaders" | "signature" | "date" | "sessionToken",
  string | undefined
>;

function claim(form: SignatureClaim["form"], parts: Parts): SignatureClaim {
  const { id, day, region } = SCOPE.exec(parts.credential ?? "")?.groups ?? {};
  const signingDate = new Date((parts.date ?? "").replace(DATE, "$1-$2-$3T$4:$5:$6Z"));
  const sameDay = day !== undefined && parts.date?.startsWith(day);
  if (!id || !region || !sameDay || Number.isNaN(signingDate.getTime()) || !parts.signature) {
    throw new S3Error("AuthorizationHeaderMalformed");
  }
  const { signature, sessionToken } = parts;
  const signedHeaders = (parts.signedHeaders ?? "").split(";");
  return { form, accessKeyId: id, region, sessionToken, signedHeaders, signingDate, signature };
}

/** Signs the request once more with the secret that only the right sender can have, and compares. */
export async function verifySignature(
  request: S3Request,
  claim: SignatureClaim,
  credentials: AwsCredentialIdentity,
): Promise<void> {
  const unsigned = Object.keys(request.headers).filter((name) => !claim.signedHeaders.includes(name));
  if (unsigned.includes("host") || unsigned.some((name) => name.startsWith("x-amz-"))) {
    throw new S3Error("AccessDenied");
  }
  const signature = await (claim.form === "header" ? signHeader : signQuery)(request, claim, credentials);
  if (signature !== claim.signature) throw new S3Error("SignatureDoesNotMatch");
}

const signer = (claim: SignatureClaim, credentials: AwsCredentialIdentity): SignatureV4 =>
  new SignatureV4({
    service: "s3",
    region: claim.region,
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });

function asSent(request: S3Request, claim: SignatureClaim): HttpRequest {
  const { method, path, headers, query } = request;
  const signed = Object.entries(headers).filter(([name]) => claim.signedHeaders.includes(name));
  const base = { protocol: "http:", hostname: headers.host ?? "", method, path };
  return { ...base, headers: Object.fromEntries(signed), query: { ...query } };
}

async function signHeader(
  request: S3Request,
  claim: SignatureClaim,
  credentials: AwsCredentialIdentity,
): Promise<string | undefined> {
  const { signingDate, signedHeaders } = claim;
  const signableHeaders = new Set(signedHeaders);
  const again = await signer(claim, credentials).sign(asSent(request, claim), {
    signingDate,
    signableHeaders,
  });
  return /Signature=(\w+)$/.exec(again.headers.authorization ?? "")?.[1];
}

/** What the signer adds to the query by itself. */
const ADDED = /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Security-Token|Signature)$/;

async function signQuery(
  request: S3Request,
  claim: SignatureClaim,
  credentials: AwsCredentialIdentity,
): Promise<string | undefined> {
  const { signingDate, signedHeaders } = claim;
  const expiresIn = Number(request.query["X-Amz-Expires"]);
  if (!(signingDate.getTime() + expiresIn * 1000 > Date.now())) throw new S3Error("AccessDenied");
  const { headers, query, ...rest } = asSent(request, claim);
  // The payload of a presigned request is never signed; this is how the signer is told.
  const payload = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  const original = {
    ...rest,
    headers: { ...headers, ...payload },
    query: Object.fromEntries(Object.entries(query ?? {}).filter(([name]) => !ADDED.test(name))),
  };
  const again = await signer(claim, credentials).presign(original, {
    signingDate,
    expiresIn,
    signableHeaders: new Set(signedHeaders),
    unsignableHeaders: new Set(Object.keys(payload)),
    unhoistableHeaders: new Set([...signedHeaders, ...Object.keys(payload)]),
  });
  return String(again.query?.["X-Amz-Signature"]);
}
