export const ROLE = "app-role";

/** All that an error or a log line must never show. The token of a server is this and a number. */
export const SECRETS = {
  sessionTokenOfMetadata: "METADATA-TOKEN-kR7pQz",
  accessKeyId: "ASIAPLANTEDKEYID0001",
  secretAccessKey: "planted/secret+access/key/9fQ2",
  token: "planted//session/token//Zx81==",
  body: "planted-words-of-a-body",
} as const;

export const inHours = (hours: number): Date => {
  const date = new Date(Date.now() + hours * 3_600_000);
  date.setUTCMilliseconds(0);
  return date;
};

/** As EC2 writes dates: UTC, whole seconds. */
export const ec2Date = (date: Date): string => date.toISOString().replace(".000Z", "Z");

/** The fields of a credentials document as EC2 writes it, with changes; `undefined` leaves a field out. */
export function roleDocument(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    Code: "Success",
    LastUpdated: ec2Date(inHours(-1)),
    Type: "AWS-HMAC",
    AccessKeyId: SECRETS.accessKeyId,
    SecretAccessKey: SECRETS.secretAccessKey,
    Token: SECRETS.token,
    Expiration: ec2Date(inHours(6)),
    ...changes,
  };
}
