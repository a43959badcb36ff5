import { type Finding, note, ok } from "../findings.js";
import type { Container, Machine } from "../machine.js";

const ADVICE: Readonly<Record<Container, string>> = {
  "Kubernetes pod":
    "Prefer a role of the pod's own (EKS Pod Identity or IRSA): with the instance's role, each pod on the node has the same permissions.",
  "ECS task":
    "Prefer a task role: with the instance's role, each task on the instance has the same permissions.",
  "Lambda function": "Use the function's own role, which the SDK's default chain finds.",
  container:
    "If requests for a session token time out, the hop limit (HttpPutResponseHopLimit) of the instance must be 2.",
};

/** A pod or a task has better credentials than its host's, and a bridge network is one hop more. */
export function checkContainer({ container }: Machine): Finding {
  const check = "container";
  if (container === undefined) return ok(check, "This does not look like a container.");
  const article = container === "ECS task" ? "an" : "a";
  const metadata = container === "Lambda function" ? ", which has no instance metadata" : "";
  return note(check, `This is ${article} ${container}${metadata}.`, ADVICE[container]);
}
