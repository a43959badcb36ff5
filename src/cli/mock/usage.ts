/** The command line cannot be understood; the message says which part. */
export class UsageError extends Error {}

export const USAGE = `Usage: ec2-role-credentials mock [options] [-- command [arguments]]

A mocked instance metadata service (IMDS) for programs in any language. With a command, it runs while the command
does: the command gets AWS_EC2_METADATA_SERVICE_ENDPOINT, signals are passed on to it, and the exit status is its own.
Without one, it prints the line to export on standard output and each request on standard error, until Ctrl-C.

  --port NUMBER          port to listen on, 0 for a free one; 1338, with a command a free one
  --host ADDRESS         address to listen on; 127.0.0.1
  --expose-to-network    required for an address that is not loopback: others can then get what the mock serves
  --role NAME            role that is attached; mock-role
  --no-role              no instance profile is attached
  --ttl DURATION         lifetime of credentials; 6h
  --rotate-every DURATION
                         how often new credentials are served; by default shortly before the old ones expire,
                         as on EC2
  --account DIGITS       account id; if given, it is also in the credentials document
  --region NAME          Region; us-east-1
  --metadata PATH=VALUE  content of a path below meta-data/ or dynamic/. May be repeated:
                         --metadata instance-type=m7g.large
  --user-data FILE       file that /latest/user-data serves
  --imdsv1               answer reads without a token (IMDSv1)
  --fail STEP:WHAT[:TIMES[:AFTER]]
                         STEP is token, role, credentials, metadata, other or any; WHAT is a status, garbage,
                         reset, hang, drip or truncate; TIMES is a number or always, which is the default; the
                         first AFTER requests are skipped. May be repeated:
                         --fail token:503:3 --fail credentials:hang
  --delay [STEP:]DURATION
                         delay before each answer, in milliseconds unless it has a unit. May be repeated
  --throttle PER_SECOND:ANSWER
                         most requests to answer in a second; those above it get 429, 503 or silence
  --control              let other processes drive the mock: POST rotate, fail, recover, … and GET requests below
                         /_mock/ on the same port (GET /_mock/ lists them)
  --help                 this text

A DURATION is a number of seconds (of milliseconds for --delay), or has a unit: 500ms, 90s, 15m, 6h.
`;
