import { requireTokensInAccount, setMetadataOptions, type Target } from "../aws-commands.js";
import { type Finding, note, ok, warning } from "../findings.js";

const CHECK = "IMDSv1";

/** How a request for the listing of metadata was answered that was sent without a token. */
export interface TokenlessResponse {
  /** Undefined if there was no response. */
  readonly status: number | undefined;
  readonly text: string;
}

export const isListing = (text: string): boolean =>
  text.split("\n").some((line) => line === "instance-id" || line === "iam/" || line === "iam");

export function checkImdsV1(
  { status, text }: TokenlessResponse,
  issuesTokens: boolean,
  target: Target,
): Finding {
  if (status === 401) return ok(CHECK, "IMDSv1 is disabled: IMDSv2 is required (HttpTokens: required).");
  if (status === 200 && isListing(text))
    return warning(
      CHECK,
      "IMDSv1 is enabled (HttpTokens: optional): through a server-side request forgery (SSRF) the role's credentials can be read.",
      issuesTokens
        ? [
            setMetadataOptions(
              "When the CloudWatch metric MetadataNoToken of the instance stays 0, require IMDSv2",
              target,
              "--http-tokens required",
            ),
            requireTokensInAccount("and for new instances of the account", target),
          ].join("\n")
        : "Use a metadata service that issues session tokens.",
    );
  return note(CHECK, `Cannot tell whether IMDSv1 is enabled: a request without a token ${answer(status)}.`);
}

function answer(status: number | undefined): string {
  if (status === undefined) return "got no response";
  return status === 200 ? "was not answered with the listing of metadata" : `got status ${status}`;
}
